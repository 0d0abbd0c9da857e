import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";

/** What the framework says to some parameters. */
function print(...params: string[]) {
  const given = params.flatMap((param) => ["--param", param]);
  const args = ["node_modules/serverless/bin/serverless.js", "print", "--stage", "dev", ...given];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { status, said: stdout + stderr };
}

test("everything that is off is told in one error, before anything is packaged", () => {
  const { status, said } = print(
    "indexShards=0",
    "billing=foo",
    "tracing=yes",
    "contributorInsights=true",
    "throttleRate=abc",
    "parallelizationFactor=50",
    "minCapacity=2000",
    "deletionProtection=no",
    "alarms=no",
    "corsOrigins=*",
    "certificateArn=arn:aws:iam::123456789012:server-certificate/x",
    "domainName=https://api.example.com",
    "kmsKeyArn=alias/mine",
    "tracng=on",
  );
  expect(status).toBe(1);
  for (const problem of [
    "indexShards: expected an integer from 1 to 100, got 0",
    "billing: expected one of on-demand, provisioned, got foo",
    "tracing: expected one of on, off, got yes",
    "contributorInsights: expected one of on, off, got true",
    "throttleRate: expected an integer from 1 to 100000, got abc",
    "parallelizationFactor: expected an integer from 1 to 10, got 50",
    "minCapacity: expected at most maxCapacity (1000), got 2000",
    "deletionProtection: expected one of true, false, got no",
    "alarms: expected one of on, off, got no",
    "corsOrigins: expected origins separated by commas",
    "certificateArn: expected the ARN of a certificate",
    "domainName: expected a name such as api.example.com, got https://api.example.com",
    "kmsKeyArn: expected the ARN of a key, not of an alias, got alias/mine",
    "tracng: expected one of prefix, authorizer,",
  ])
    expect(said).toContain(problem);
  expect(said).not.toContain("at module.exports");
});

test("a name that is none is refused where a stage has it in serverless.yml, too", () => {
  const file = "serverless.planted.yml";
  const yaml = readFileSync("serverless.yml", "utf8");
  writeFileSync(file, yaml.replace("  prod:\n", "  prod:\n    indexShrds: 20\n"));
  try {
    const args = ["node_modules/serverless/bin/serverless.js", "print", "--stage", "prod", "--config", file];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect([status, stdout]).toEqual([1, expect.stringContaining("indexShrds: expected one of prefix, authorizer,")]);
  } finally {
    rmSync(file);
  }
});

/** What the module says to a stage's parameters, which the framework resolves as the tests above show. */
async function refusalOf(given: Readonly<Record<string, string>>): Promise<string | undefined> {
  const values = {
    ...(parse(readFileSync("src/infrastructure/params.yml", "utf8")) as object),
    prefix: "P-dev",
    ...given,
  };
  const resolveVariable = async (name: string) =>
    name === "self:params" ? {} : Reflect.get(values, name.slice("param:".length));
  const check = createRequire(import.meta.url)("../../../src/infrastructure/parameters.cjs");
  return check({ options: {}, resolveVariable }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test.each(["abc", "1.5", "01", "101", "-1"])("indexShards=%s is refused", async (indexShards) => {
  expect(await refusalOf({ indexShards })).toBe(`indexShards: expected an integer from 1 to 100, got ${indexShards}`);
});

test("a name for the API without its certificate is refused", async () => {
  expect(await refusalOf({ domainName: "api.example.com" })).toContain("certificateArn: expected both");
});

test("tokens without an issuer are refused, with one they are taken", async () => {
  expect(await refusalOf({ authorizer: "jwt" })).toContain(
    "jwtIssuer: expected the address of your issuer beside authorizer=jwt",
  );
  expect(await refusalOf({ authorizer: "jwt", jwtIssuer: "https://login.example.org/" })).toBeUndefined();
  expect(await refusalOf({})).toBeUndefined();
});
