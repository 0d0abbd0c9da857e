import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkTemplate, type Template } from "../../../scripts/package/check-template.ts";
import { packageService, readTemplate, validateTemplate } from "../../../scripts/package.ts";

let folder: string;
let path: string;
let template: Template;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "package-"));
  path = packageService(folder);
  template = readTemplate(path);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const digests = (of: string) =>
  readdirSync(of)
    .filter((file) => file.endsWith(".zip"))
    .map((file) => [
      file,
      createHash("sha256")
        .update(readFileSync(join(of, file)))
        .digest("hex"),
    ]);

test("AWS's own validator and our rules find nothing in the packaged template", () => {
  expect(validateTemplate(path)).toEqual([]);
  expect(checkTemplate(template)).toEqual([]);
});

test("every bundle is under 400 KB and comes out the same byte for byte", () => {
  for (const [file] of digests(folder)) expect(statSync(join(folder, String(file))).size).toBeLessThan(400 * 1024);
  const again = mkdtempSync(join(tmpdir(), "package-"));
  packageService(again);
  expect(digests(again)).toEqual(digests(folder));
  rmSync(again, { recursive: true, force: true });
});

test("the shape of the infrastructure is the one that was reviewed", () => {
  const shape = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type !== "AWS::Lambda::Version")
    .map(([name, { Type }]) => `${Type} ${name}`)
    .sort();
  expect(shape).toMatchSnapshot();
});

describe("a planted fault is found", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the test reaches into any resource
  const planted = (plant: (resources: any) => void) => {
    const copy = structuredClone(template) as { Resources: Record<string, unknown> };
    plant(copy.Resources);
    return checkTemplate(copy as unknown as Template).map(({ resource, message }) => `${resource}: ${message}`);
  };

  test("a wildcard right, as action and as resource", () => {
    const statement = { Effect: "Allow", Action: "dynamodb:*", Resource: "*" };
    expect(planted(({ ApiRole }) => ApiRole.Properties.Policies[0].PolicyDocument.Statement.push(statement))).toEqual([
      "ApiRole: wildcard action dynamodb:*",
      "ApiRole: wildcard resource *",
    ]);
  });

  test("a right to change an event", () => {
    const statement = {
      Effect: "Allow",
      Action: ["dynamodb:UpdateItem", "dynamodb:DeleteItem"],
      Resource: { "Fn::GetAtt": ["EventsTable", "Arn"] },
    };
    expect(
      planted(({ ProjectorRole }) => ProjectorRole.Properties.Policies[0].PolicyDocument.Statement.push(statement)),
    ).toEqual([
      "ProjectorRole: dynamodb:UpdateItem on the events table",
      "ProjectorRole: dynamodb:DeleteItem on the events table",
    ]);
  });

  test("a queue, a rule and a stream without a place for their failures", () => {
    const found = planted((resources) => {
      delete resources.BusProjectorQueue.Properties.RedrivePolicy;
      delete resources.BusProjectorRule.Properties.Targets[0].DeadLetterConfig;
      delete resources.ProjectorEventSourceMappingDynamodbEventsTable.Properties.DestinationConfig;
    });
    expect(found).toEqual([
      "BusProjectorQueue: it has no dead-letter queue",
      "ProjectorEventSourceMappingDynamodbEventsTable: it has no on-failure destination",
      "BusProjectorRule: a target has no dead-letter queue",
    ]);
  });

  test("an unprotected table and an open route", () => {
    const found = planted((resources) => {
      delete resources.EventsTable.DeletionPolicy;
      resources.EventsTable.Properties.DeletionProtectionEnabled = false;
      resources.HttpApiRouteDefault.Properties.AuthorizationType = "NONE";
    });
    expect(found).toEqual([
      "EventsTable: its DeletionPolicy is not Retain",
      "EventsTable: it has no deletion protection",
      "HttpApiRouteDefault: it is open: AuthorizationType NONE",
    ]);
  });
});
