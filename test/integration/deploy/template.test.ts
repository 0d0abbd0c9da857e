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
    const { AlarmName: _, AlarmDescription: __, Dimensions, Metrics, ...rest } = Properties;
    const values = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return [JSON.stringify(Dimensions ?? Metrics), ...values.sort()].join(" ");
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

const outputsOf = (of: Template) => Object.keys((of as unknown as { Outputs: object }).Outputs);

test("the outputs tell tables, stream, bus, topic, bucket and dead letters", () => {
  expect(outputsOf(template)).toEqual(
    expect.arrayContaining([
      "HttpApiUrl",
      "EventsTableName",
      "EventsStreamArn",
      "SnapshotsTableName",
      "ReadModelsTableName",
      "BusName",
      "AlarmsTopicArn",
      "StreamFailuresBucketName",
      "BusProjectorDeadLettersUrl",
      "SnapshotterDeadLettersUrl",
    ]),
  );
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
    for (const [, { Properties }] of ofType(withAll, "AWS::Lambda::Function"))
      expect(Properties).toMatchObject({ TracingConfig: { Mode: "Active" } });
    for (const [, { Properties }] of ofType(withAll, "AWS::IAM::Role"))
      expect(JSON.stringify(Properties)).toContain("xray:PutTraceSegments");
    expect(JSON.stringify(template)).not.toMatch(/xray|TracingConfig/);
  });

  test("a key of one's own is on every table, queue and bucket, and every role may use it through them alone", () => {
    const { kmsKeyArn } = ALL_OPTIONS;
    const propertiesOf = (of: Template, type: string) => ofType(of, type).map(([, { Properties = {} }]) => Properties);
    for (const properties of propertiesOf(withAll, "AWS::DynamoDB::Table"))
      expect(properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: kmsKeyArn });
    for (const properties of propertiesOf(withAll, "AWS::SQS::Queue"))
      expect(properties).toMatchObject({ SqsManagedSseEnabled: false, KmsMasterKeyId: kmsKeyArn });
    expect(JSON.stringify(withAll.Resources.StreamFailuresBucket)).toContain(`"KMSMasterKeyID":"${kmsKeyArn}"`);
    const rights = (of: Template) =>
      propertiesOf(of, "AWS::IAM::Role").map(({ Policies }) =>
        (Policies as { PolicyName: string; PolicyDocument: { Statement: object[] } }[]).find(
          ({ PolicyName }) => PolicyName === "key",
        ),
      );
    for (const right of rights(withAll))
      expect(right?.PolicyDocument.Statement).toEqual([
        expect.objectContaining({
          Resource: kmsKeyArn,
          Condition: { StringEquals: { "kms:ViaService": expect.any(Array) } },
        }),
      ]);
    expect(JSON.stringify(template)).not.toContain("kms");
  });

  test("pages of the named origins may call, and ask so without credentials; no other route is open", () => {
    const routes = (of: Template) =>
      ofType(of, "AWS::ApiGatewayV2::Route").map(([, { Properties = {} }]) => [
        Properties.RouteKey,
        Properties.AuthorizationType,
      ]);
    expect(withAll.Resources.HttpApi?.Properties?.CorsConfiguration).toMatchObject({
      AllowOrigins: ALL_OPTIONS.corsOrigins?.split(","),
      AllowHeaders: expect.arrayContaining(["if-match", "idempotency-key", "authorization"]),
      ExposeHeaders: expect.arrayContaining(["etag", "retry-after"]),
    });
    expect(routes(withAll).sort()).toEqual([
      ["$default", "JWT"],
      ["GET /operations/{proxy+}", "JWT"],
      ["OPTIONS /{proxy+}", undefined],
      ["POST /operations/{proxy+}", "JWT"],
    ]);
    expect(routes(template)).toEqual([["$default", "AWS_IAM"]]);
    expect(template.Resources.HttpApi?.Properties?.CorsConfiguration).toBeUndefined();
  });

  test("a name of one's own leads to the API, and the outputs say what it is an alias of", () => {
    expect(withAll.Resources.ApiDomain?.Properties).toMatchObject({ DomainName: "api.example.org" });
    expect(withAll.Resources.ApiDomainMapping?.Properties).toMatchObject({ Stage: "$default" });
    expect(outputsOf(withAll)).toEqual(expect.arrayContaining(["ApiDomainTarget", "ApiDomainZone"]));
    expect(names(template, "AWS::ApiGatewayV2::DomainName")).toEqual([]);
  });

  test("alarms off leaves neither an alarm nor a topic, and everything else as it is", () => {
    const without = newFolder();
    try {
      const quiet = packageService(without, { alarms: "off" });
      const types = (of: Template) => Object.values(of.Resources).map(({ Type }) => Type);
      const isAlarm = (type: string) => type === "AWS::CloudWatch::Alarm" || type === "AWS::SNS::Topic";
      const silent = readTemplate(quiet);
      expect(types(silent).sort()).toEqual(
        types(template)
          .filter((type) => !isAlarm(type))
          .sort(),
      );
      expect([...validateTemplate(quiet), ...checkTemplate(silent)]).toEqual([]);
      expect(outputsOf(silent)).not.toContain("AlarmsTopicArn");
    } finally {
      rmSync(without, { recursive: true, force: true });
    }
  });

  test("the factor reaches both readers of the stream", () => {
    const factors = ofType(withAll, "AWS::Lambda::EventSourceMapping").map(
      ([, { Properties = {} }]) => Properties.ParallelizationFactor,
    );
    expect(factors).toEqual([4, 4, undefined]);
  });
});
