import { Sha256 } from "@aws-crypto/sha256-js";
import { expect, test } from "@jest/globals";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { KeepingSigner } from "../../../src/event-store/dynamodb/fast-client/signer.ts";

const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."abcXYZ019-_. /+") });
const headerName = fc.constantFrom(
  "content-type",
  "x-amz-target",
  "User-Agent",
  "amz-sdk-request",
  "x-amzn-trace-id",
  "X-Custom",
  "expect",
  "authorization",
  "x-amz-date",
);
const request = fc.record({
  headers: fc.dictionary(headerName, text),
  body: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(""), fc.uint8Array()),
});
const credentials = fc.record({
  accessKeyId: text,
  secretAccessKey: text,
  sessionToken: fc.option(text, { nil: undefined }),
});
const when = fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });

test("what it signs, the SDK's own signer signs alike; one signer for all days and credentials", async () => {
  let current = { accessKeyId: "a", secretAccessKey: "b" } as { accessKeyId: string; secretAccessKey: string };
  const ours = new KeepingSigner(
    async () => current,
    async () => "eu-central-1",
  );
  await fc.assert(
    fc.asyncProperty(request, credentials, when, async ({ headers, body }, identity, signingDate) => {
      current = identity as typeof current;
      const message = {
        method: "POST",
        protocol: "https:",
        hostname: "dynamodb.eu-central-1.amazonaws.com",
        path: "/",
        query: {},
        headers: { host: "dynamodb.eu-central-1.amazonaws.com", ...headers } as Record<string, string>,
        body,
      };
      const sdk = new SignatureV4({
        credentials: identity as never,
        region: "eu-central-1",
        service: "dynamodb",
        sha256: Sha256,
      });
      const expected = await sdk.sign(structuredClone(message), { signingDate });
      const before = structuredClone(message);
      const signed = await ours.sign(message, { signingDate });
      expect(signed.headers.authorization).toBe(expected.headers.authorization);
      expect(signed.headers["x-amz-date"]).toBe(expected.headers["x-amz-date"]);
      expect(message).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

test("the region and the service that the SDK chooses are signed", async () => {
  const identity = { accessKeyId: "a", secretAccessKey: "b" };
  const ours = new KeepingSigner(
    async () => identity,
    async () => "eu-central-1",
  );
  const message = {
    method: "POST",
    protocol: "https:",
    hostname: "h",
    path: "/",
    query: {},
    headers: { host: "h" } as Record<string, string>,
    body: "",
  };
  const options = { signingDate: new Date(0), signingRegion: "us-west-2", signingService: "dax" };
  const sdk = new SignatureV4({ credentials: identity, region: "x", service: "y", sha256: Sha256 });
  const expected = await sdk.sign(message, options);
  expect((await ours.sign(message, options)).headers.authorization).toBe(expected.headers.authorization);
});
