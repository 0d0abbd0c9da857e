import { describe, expect, test } from "@jest/globals";
import { scopesOf, userIdOf } from "../../../src/lambda/identity.ts";

const event = (authorizer: object) => ({ requestContext: { authorizer } }) as never;
const role = (session: string) =>
  event({ iam: { userArn: `arn:aws:sts::123456789012:assumed-role/path/billing/${session}` } });
const pooled = (identityId: string) =>
  event({
    iam: {
      userArn: "arn:aws:sts::1:assumed-role/everybody/CognitoIdentityCredentials",
      cognitoIdentity: { identityId },
    },
  });

describe("who the user is", () => {
  test("of a role: the role, whatever its session is called", () => {
    expect(userIdOf(role("botocore-1"), "auto")).toBe("arn:aws:iam::123456789012:role/path/billing");
    expect(userIdOf(role("botocore-2"), "auto")).toBe(userIdOf(role("botocore-1"), "auto"));
    expect(userIdOf(role("ann"), "iam:session")).toMatch(/\/ann$/);
  });

  test("of an identity pool, whose users share a role: each one's identity", () => {
    expect(userIdOf(pooled("eu-central-1:ann"), "auto")).toBe("eu-central-1:ann");
    expect(userIdOf(pooled("eu-central-1:bob"), "auto")).toBe("eu-central-1:bob");
    expect(userIdOf(role("x"), "iam:identity")).toBeUndefined();
  });

  test("of a token: its subject, or the claim that the stage names", () => {
    const token = event({ jwt: { claims: { sub: "s-1", email: "ann@example.com" } } });
    expect(userIdOf(token, "auto")).toBe("s-1");
    expect(userIdOf(token, "jwt:email")).toBe("ann@example.com");
    expect(userIdOf(token, "jwt:nothing")).toBeUndefined();
    expect(userIdOf(event({}), "auto")).toBeUndefined();
  });

  test("who may read all: whom the stage names, by user or by scope", () => {
    const token = event({ jwt: { claims: { scope: "openid audit" }, scopes: null } });
    expect(scopesOf(token, "s-1", { "streamfold/read-all": ["audit"] })).toContain("streamfold/read-all");
    expect(scopesOf(token, "s-1", { "streamfold/read-all": ["s-1"] })).toContain("streamfold/read-all");
    expect(scopesOf(token, "s-1", { "streamfold/read-all": ["other"] })).toEqual(["openid", "audit"]);
  });
});
