import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkTemplate } from "../../../scripts/package/check-template.ts";
import type { Template } from "../../../scripts/package/template.ts";
import { ALL_OPTIONS, packageService, readTemplate, validateTemplate } from "../../../scripts/package.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "package-"));
const folder = newFolder();
const folderOfAll = newFolder();
let path: string;
let pathOfAll: string;
let template: Template;
let withAll: Template;
beforeAll(() => {
  path = packageService(folder);
  template = readTemplate(path);
  pathOfAll = packageService(folderOfAll, ALL_OPTIONS);
  withAll = readTemplate(pathOfAll);
});
afterAll(() => {
  for (const one of [folder, folderOfAll]) rmSync(one, { recursive: true, force: true });
});

const zips = (of: string) => readdirSync(of).filter((file) => file.endsWith(".zip"));
const digest = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const ofType = ({ Resources }: Template, type: string) =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type);
const names = (of: Template, type: string) => ofType(of, type).map(([name]) => name);

test("AWS's own validator and our rules find nothing, as it stands and with every option", () => {
  expect(validateTemplate(path)).toEqual([]);
  expect(checkTemplate(template)).toEqual([]);
  expect(validateTemplate(pathOfAll)).toEqual([]);
  expect(checkTemplate(withAll)).toEqual([]);
});

describe("bundles", () => {
  test("are under 400 KB with their source maps, and come out the same byte for byte", () => {
    expect(zips(folder)).toHaveLength(names(template, "AWS::Lambda::Function").length);
    for (const file of zips(folder)) {
      const bytes = readFileSync(join(folder, file));
      expect(bytes.length).toBeLessThan(400 * 1024);
      expect(bytes.includes(`dist/${file.replace(".zip", ".mjs.map")}`)).toBe(true);
    }
    const again = newFolder();
    packageService(again);
    for (const file of zips(folder))
      expect([file, digest(join(again, file))]).toEqual([file, digest(join(folder, file))]);
    rmSync(again, { recursive: true, force: true });
    expect(statSync(join(folder, "api.zip")).size).toBeGreaterThan(100_000);
  });

  test("tell of an error by our own files and lines", () => {
    const script = 'import("./dist/projector.mjs").catch((error) => console.log(error.stack))';
    const stack = execFileSync(process.execPath, ["--enable-source-maps", "-e", script], { encoding: "utf8", env: {} });
    const [, line] = /readConfig \(.*src\/config\.ts:(\d+):\d+\)/.exec(stack) ?? [];
    const lines = readFileSync("src/config.ts", "utf8").split("\n");
    expect(lines[Number(line) - 1]).toContain("throw new ConfigError");
    expect(stack).toMatch(/src\/lambda\/projector\.ts:\d+/);
  });
});

describe("the infrastructure is the one that was reviewed", () => {
  /** An alarm by when it rings, everything else by the properties that it has. */
  const outlineOf = (Type: string, Properties: Readonly<Record<string, unknown>>) => {
    if (Type !== "AWS::CloudWatch::Alarm") return Object.keys(Properties).sort().join(" ");
    const {
      MetricName = "(formula)",
      ComparisonOperator,
      Threshold,
      DatapointsToAlarm,
      EvaluationPeriods,
    } = Properties;
    return [MetricName, ComparisonOperator, Threshold, DatapointsToAlarm, "of", EvaluationPeriods].join(" ");
  };
  const shapeOf = (of: Template) =>
    Object.entries(of.Resources)
      .filter(([, { Type }]) => Type !== "AWS::Lambda::Version")
      .map(([name, { Type, Properties = {} }]) => `${Type} ${name}: ${outlineOf(Type, Properties)}`)
      .sort();

  test("as it stands", () => {
    expect(shapeOf(template)).toMatchSnapshot();
  });

  test("what the options add", () => {
    const plain = new Set(shapeOf(template));
    expect(shapeOf(withAll).filter((line) => !plain.has(line))).toMatchSnapshot();
  });

  test("who may do what", () => {
    // biome-ignore lint/suspicious/noExplicitAny: a statement is written in many forms
    const text = (value: any): string =>
      typeof value === "string" ? value : [value["Fn::Sub"] ?? value["Fn::GetAtt"] ?? value.Ref].flat().join(".");
    const rights = ofType(template, "AWS::IAM::Role").flatMap(([name, { Properties }]) =>
      // biome-ignore lint/suspicious/noExplicitAny: as above
      (Properties as any).Policies[0].PolicyDocument.Statement.map(
        ({ Action, Resource }: { Action: string[]; Resource: unknown }) =>
          `${name}: ${Action.join(" ")} on ${[Resource].flat().map(text).join(" ")}`,
      ),
    );
    expect(rights).toMatchSnapshot();
  });
});

test("the dashboard shows every function, table, index, queue and stream mapping", () => {
  const [dashboard] = ofType(template, "AWS::CloudWatch::Dashboard").map(([, { Properties }]) => Properties);
  const body = (dashboard as { DashboardBody: { "Fn::Sub": string } }).DashboardBody["Fn::Sub"];
  const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics: unknown[] } }[] };
  expect(widgets.every(({ properties }) => properties.metrics.length > 0)).toBe(true);
  const shown = [
    ...names(template, "AWS::Lambda::Function"),
    ...names(template, "AWS::DynamoDB::Table"),
    ...names(template, "AWS::SQS::Queue"),
    ...names(template, "AWS::Lambda::EventSourceMapping").filter((name) => name.includes("Dynamodb")),
  ];
  for (const name of shown) expect(body).toMatch(new RegExp(`\\$\\{${name}[}.]`));
  expect(body).toContain('"GlobalSecondaryIndexName", "EventTypeIndex"');
});

describe("options", () => {
  interface Table {
    readonly BillingMode: string;
    readonly GlobalSecondaryIndexes?: {
      readonly IndexName: string;
      readonly KeySchema: { readonly AttributeName: string }[];
      readonly ProvisionedThroughput?: object;
      readonly ContributorInsightsSpecification?: object;
    }[];
    readonly ProvisionedThroughput?: object;
    readonly ContributorInsightsSpecification?: object;
  }
  const tables = (of: Template) =>
    ofType(of, "AWS::DynamoDB::Table").map(([name, { Properties }]) => [name, Properties as unknown as Table] as const);

  test("provisioned capacity scales every table and every index, reads and writes", () => {
    const scaled = new Set(
      ofType(withAll, "AWS::ApplicationAutoScaling::ScalableTarget").map(([, { Properties = {} }]) => {
        const { ResourceId, ScalableDimension } = Properties as {
          ResourceId: { "Fn::Sub": string };
          ScalableDimension: string;
        };
        return `${ResourceId["Fn::Sub"]} ${ScalableDimension}`;
      }),
    );
    for (const [name, table] of tables(withAll)) {
      expect(table).toMatchObject({ BillingMode: "PROVISIONED", ProvisionedThroughput: { WriteCapacityUnits: 5 } });
      for (const kind of ["Read", "Write"]) {
        expect(scaled).toContain(`table/\${${name}} dynamodb:table:${kind}CapacityUnits`);
        for (const { IndexName, ProvisionedThroughput } of table.GlobalSecondaryIndexes ?? []) {
          expect(ProvisionedThroughput).toBeDefined();
          expect(scaled).toContain(`table/\${${name}}/index/${IndexName} dynamodb:index:${kind}CapacityUnits`);
        }
      }
    }
    expect(names(withAll, "AWS::ApplicationAutoScaling::ScalingPolicy")).toHaveLength(scaled.size);
    expect(names(template, "AWS::ApplicationAutoScaling::ScalableTarget")).toEqual([]);
    expect(tables(template).map(([, { BillingMode }]) => BillingMode)).toEqual(Array(3).fill("PAY_PER_REQUEST"));
  });

  test("contributor insights look at every table and index, or at none", () => {
    const looks = (of: Template) =>
      tables(of)
        .flatMap(([, table]) => [table, ...(table.GlobalSecondaryIndexes ?? [])])
        .map(({ ContributorInsightsSpecification }) => ContributorInsightsSpecification !== undefined);
    expect(new Set(looks(withAll))).toEqual(new Set([true]));
    expect(new Set(looks(template))).toEqual(new Set([false]));
  });

  test("shards change the keys of the two indexes and the store's setting, nothing else", () => {
    const keys = (of: Template) =>
      tables(of).flatMap(([name, { GlobalSecondaryIndexes = [] }]) =>
        name === "EventsTable" ? GlobalSecondaryIndexes.map(({ KeySchema }) => KeySchema[0]?.AttributeName) : [],
      );
    expect(keys(template)).toEqual(["aggregateType", "userId"]);
    expect(keys(withAll)).toEqual(["aggregateTypeShard", "userIdShard"]);
    expect(JSON.stringify(withAll.Resources.ApiLambdaFunction)).toContain('"INDEX_SHARDS":"8"');
  });

  test("tracing adds its rights and its mode when on; nothing of it is there when off", () => {
    expect(withAll.Resources.ApiLambdaFunction?.Properties).toMatchObject({ TracingConfig: { Mode: "Active" } });
    expect(names(withAll, "AWS::IAM::Policy")).toEqual(["TracingRights"]);
    expect(JSON.stringify(template)).not.toMatch(/xray|TracingConfig/);
  });

  test("the factor reaches both readers of the stream", () => {
    const factors = ofType(withAll, "AWS::Lambda::EventSourceMapping").map(
      ([, { Properties = {} }]) => Properties.ParallelizationFactor,
    );
    expect(factors).toEqual([4, 4, undefined]);
  });
});

describe("a planted fault is found", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the test reaches into any resource
  const planted = (plant: (resources: any) => void) => {
    const copy = structuredClone(template) as { Resources: Record<string, unknown> };
    plant(copy.Resources);
    return checkTemplate(copy as unknown as Template).map(({ resource, message }) => `${resource}: ${message}`);
  };

  test("a wildcard right, as action and as resource, in a role and beside one", () => {
    const statement = { Effect: "Allow", Action: "dynamodb:*", Resource: "*" };
    expect(planted(({ ApiRole }) => ApiRole.Properties.Policies[0].PolicyDocument.Statement.push(statement))).toEqual([
      "ApiRole: wildcard action dynamodb:*",
      "ApiRole: wildcard resource *",
    ]);
    const Properties = {
      PolicyDocument: { Statement: [{ Action: ["xray:PutTraceSegments", "s3:GetObject"], Resource: "*" }] },
    };
    expect(
      planted((resources) => Object.assign(resources, { More: { Type: "AWS::IAM::Policy", Properties } })),
    ).toEqual(["More: wildcard resource *"]);
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
    expect(found).toContain("BusProjectorQueue: it has no dead-letter queue");
    expect(found).toContain("BusProjectorRule: a target has no dead-letter queue");
    expect(found).toContain("ProjectorEventSourceMappingDynamodbEventsTable: it has no on-failure destination");
  });

  test("a stream whose failures go where the records are lost, retried without end, in one piece", () => {
    const found = planted(({ PublisherEventSourceMappingDynamodbEventsTable: { Properties } }) => {
      Properties.DestinationConfig.OnFailure.Destination = { "Fn::GetAtt": ["BusProjectorDeadLetters", "Arn"] };
      Properties.MaximumRetryAttempts = -1;
      Properties.BisectBatchOnFunctionError = false;
      Properties.FunctionResponseTypes = [];
    });
    expect(found).toEqual(
      [
        "it does not report batch item failures",
        "its on-failure destination does not keep the records",
        "it retries without end",
        "it does not bisect a batch that failed",
      ].map((message) => `PublisherEventSourceMappingDynamodbEventsTable: ${message}`),
    );
  });

  test("an unprotected table, an open bucket, an open route, logs for ever", () => {
    const found = planted((resources) => {
      delete resources.EventsTable.DeletionPolicy;
      resources.EventsTable.Properties.DeletionProtectionEnabled = false;
      resources.StreamFailuresBucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy = false;
      delete resources.ApiLogGroup.Properties.RetentionInDays;
      resources.HttpApiRouteDefault.Properties.AuthorizationType = "NONE";
    });
    expect(found).toEqual([
      "EventsTable: its DeletionPolicy is not Retain",
      "EventsTable: it has no deletion protection",
      "StreamFailuresBucket: it is not closed to the public",
      "ApiLogGroup: its logs are kept for ever",
      "HttpApiRouteDefault: it is open: AuthorizationType NONE",
    ]);
  });

  test("an API that takes everything and logs too much", () => {
    const found = planted(({ HttpApiStage: { Properties } }) => {
      delete Properties.DefaultRouteSettings.ThrottlingRateLimit;
      Properties.AccessLogSettings.Format = '{"query":"$context.routeKey $request.querystring"}';
    });
    expect(found).toEqual(["HttpApiStage: it is not throttled", "HttpApiStage: its access log holds more than it may"]);
  });

  test("something that fails in silence", () => {
    const found = planted((resources) => {
      delete resources.PublisherErrors;
      delete resources.ProjectorIteratorAge;
      delete resources.EventTypeIndexCapacity;
      resources.SnapshotterDeadLettersWaiting.Properties.AlarmActions = [];
    });
    expect(found).toEqual([
      "PublisherLambdaFunction: no alarm looks at its Errors",
      "ProjectorLambdaFunction: no alarm looks at its IteratorAge",
      "SnapshotterDeadLetters: no alarm looks at its ApproximateNumberOfMessagesVisible",
      "EventTypeIndex: no alarm looks at its ConsumedWriteCapacityUnits",
    ]);
  });
});
