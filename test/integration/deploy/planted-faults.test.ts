import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { checkTemplate } from "../../../scripts/package/check-template.ts";
import { packageService, validateTemplate } from "../../../scripts/package.ts";

// biome-ignore lint/suspicious/noExplicitAny: a plant reaches into any resource
type Resources = Record<string, any>;
type Plant = (resources: Resources) => unknown;

const folder = mkdtempSync(join(tmpdir(), "package-"));
let packaged: { readonly Resources: Resources };
beforeAll(() => {
  packaged = JSON.parse(readFileSync(packageService(folder), "utf8")) as { Resources: Resources };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const grant =
  (role: string, statement: object): Plant =>
  (resources) =>
    resources[role].Properties.Policies[0].PolicyDocument.Statement.push({ Effect: "Allow", ...statement });
const change =
  (name: string, properties: object): Plant =>
  (resources) =>
    Object.assign(resources[name].Properties, properties);
const add =
  (name: string, Type: string, Properties: object): Plant =>
  (resources) =>
    Object.assign(resources, { [name]: { Type, Properties } });
const without =
  (name: string): Plant =>
  (resources) =>
    delete resources[name];

const EVENTS = { "Fn::GetAtt": ["EventsTable", "Arn"] };
const ELSEWHERE = { "Fn::GetAtt": ["BusArchive", "Arn"] };
const BY_NAME = { "Fn::Sub": "arn:aws:dynamodb:$" + "{AWS::Region}:1:table/ProductService-dev-Events" };
const STREAM = "PublisherEventSourceMappingDynamodbEventsTable";
const EVERYTHING = { Statement: [{ Effect: "Allow", Action: "*:*", Resource: "*" }] };
const OPEN_QUEUE = {
  Queues: [],
  PolicyDocument: { Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "arn", Condition: {} }] },
};
const TO_A_QUEUE = { OnFailure: { Destination: { "Fn::GetAtt": ["BusProjectorDeadLetters", "Arn"] } } };
const REMOVALS = { Filters: [{ Pattern: '{"eventName":["REMOVE"]}' }] };
const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
const unseen = (resource: string, metric: string) => `${resource}: no alarm looks at ${metric}`;

type Row = readonly [what: string, plant: Plant, found: readonly string[]];

const RIGHTS: readonly Row[] = [
  ["a wildcard action", grant("ApiRole", { Action: "s3:*", Resource: ELSEWHERE }), ["ApiRole: wildcard action s3:*"]],
  [
    "a wildcard within an action",
    grant("ApiRole", { Action: "s3:?etObject", Resource: ELSEWHERE }),
    ["ApiRole: wildcard action s3:?etObject"],
  ],
  [
    "a wildcard resource",
    grant("VitalsRole", { Action: ["s3:GetObject"], Resource: "*" }),
    ["VitalsRole: wildcard resource *"],
  ],
  [
    "an unavoidable wildcard with one action more",
    grant("ApiRole", { Action: ["xray:PutTraceSegments", "s3:GetObject"], Resource: "*" }),
    ["ApiRole: wildcard resource *"],
  ],
  [
    "NotAction",
    grant("ApiRole", { NotAction: "iam:PassRole", Resource: ELSEWHERE }),
    ["ApiRole: NotAction allows whatever it does not name"],
  ],
  [
    "NotResource",
    grant("ApiRole", { Action: "s3:GetObject", NotResource: ELSEWHERE }),
    ["ApiRole: NotResource allows whatever it does not name"],
  ],
  [
    "a policy beside a role",
    add("More", "AWS::IAM::RolePolicy", { PolicyDocument: EVERYTHING }),
    ["More: wildcard action *:*", "More: wildcard resource *"],
  ],
  [
    "a policy from elsewhere",
    change("ApiRole", { ManagedPolicyArns: [ADMINISTRATOR] }),
    [`ApiRole: a policy from elsewhere: ${ADMINISTRATOR}`],
  ],
  [
    "a right to change events",
    grant("ProjectorRole", { Action: ["dynamodb:UpdateItem", "dynamodb:DeleteItem"], Resource: [EVENTS] }),
    [
      "ProjectorRole: dynamodb:UpdateItem on the events table",
      "ProjectorRole: dynamodb:DeleteItem on the events table",
    ],
  ],
  [
    "the same in other letters",
    grant("ApiRole", { Action: "DynamoDB:deleteitem", Resource: EVENTS }),
    ["ApiRole: DynamoDB:deleteitem on the events table"],
  ],
  [
    "the same by the table's name",
    grant("ApiRole", { Action: "dynamodb:DeleteItem", Resource: BY_NAME }),
    [
      "ApiRole: dynamodb:DeleteItem on the events table",
      `ApiRole: dynamodb:DeleteItem on ${BY_NAME["Fn::Sub"]}, which may be the events table`,
    ],
  ],
  [
    "a right to let events expire",
    grant("ApiRole", { Action: "dynamodb:UpdateTimeToLive", Resource: EVENTS }),
    ["ApiRole: dynamodb:UpdateTimeToLive on the events table"],
  ],
  [
    "a projector that may put events",
    grant("ProjectorRole", { Action: "dynamodb:PutItem", Resource: EVENTS }),
    ["ProjectorRole: dynamodb:PutItem on the events table"],
  ],
  [
    "a right to delete in a table from elsewhere",
    grant("ApiRole", { Action: "dynamodb:DeleteItem", Resource: { "Fn::ImportValue": "table" } }),
    ['ApiRole: dynamodb:DeleteItem on {"Fn::ImportValue":"table"}, which may be the events table'],
  ],
  [
    "a right to overwrite in a table from elsewhere",
    grant("ProjectorRole", { Action: "dynamodb:PutItem", Resource: { "Fn::ImportValue": "table" } }),
    ['ProjectorRole: dynamodb:PutItem on {"Fn::ImportValue":"table"}, which may be the events table'],
  ],
  [
    "a role that anybody may take",
    change("ApiRole", { AssumeRolePolicyDocument: { Statement: [{ Effect: "Allow", Principal: { AWS: "*" } }] } }),
    ['ApiRole: it may be taken by {"AWS":"*"}'],
  ],
  [
    "a function that anybody may call",
    add("Call", "AWS::Lambda::Permission", { Principal: "*" }),
    ["Call: its function may be called by *"],
  ],
  [
    "a table that lets in by itself",
    change("EventsTable", { ResourcePolicy: { PolicyDocument: {} } }),
    ["EventsTable: it has a policy of its own, beside the roles"],
  ],
  [
    "a queue open to everybody",
    add("Open", "AWS::SQS::QueuePolicy", OPEN_QUEUE),
    ["Open: it lets in everybody", "Open: wildcard action sqs:*"],
  ],
  [
    "a bus that sends on anybody's behalf",
    ({ QueuesFromBus }) => delete QueuesFromBus.Properties.PolicyDocument.Statement[0].Condition,
    ["QueuesFromBus: it lets in a service on anybody's behalf"],
  ],
];

const DATA: readonly Row[] = [
  [
    "a table that goes with its stack",
    ({ EventsTable }) => delete EventsTable.DeletionPolicy,
    ["EventsTable: its DeletionPolicy is not Retain"],
  ],
  [
    "a table that goes when it is replaced",
    ({ EventsTable }) => delete EventsTable.UpdateReplacePolicy,
    ["EventsTable: its UpdateReplacePolicy is not Retain"],
  ],
  [
    "a table without protection",
    change("SnapshotsTable", { DeletionProtectionEnabled: false }),
    ["SnapshotsTable: it has no deletion protection"],
  ],
  [
    "a table without recovery",
    change("ReadModelsTable", { PointInTimeRecoverySpecification: {} }),
    ["ReadModelsTable: it has no point-in-time recovery"],
  ],
  [
    "a table without encryption",
    change("EventsTable", { SSESpecification: { SSEEnabled: false } }),
    ["EventsTable: it is not encrypted with a key of its own"],
  ],
  [
    "events that expire",
    change("EventsTable", { TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }),
    ["EventsTable: its events expire"],
  ],
  [
    "a stream of keys",
    change("EventsTable", { StreamSpecification: { StreamViewType: "KEYS_ONLY" } }),
    ["EventsTable: its stream does not carry the new image and nothing else"],
  ],
  [
    "a bucket open to the public",
    ({ StreamFailuresBucket: { Properties } }) => {
      Properties.PublicAccessBlockConfiguration.BlockPublicPolicy = false;
    },
    ["StreamFailuresBucket: it is not closed to the public"],
  ],
  [
    "a bucket without encryption",
    change("StreamFailuresBucket", { BucketEncryption: undefined }),
    ["StreamFailuresBucket: it is not encrypted"],
  ],
  [
    "logs for ever",
    ({ ApiLogGroup }) => delete ApiLogGroup.Properties.RetentionInDays,
    ["ApiLogGroup: its logs are kept for ever"],
  ],
];

const FAILURES: readonly Row[] = [
  [
    "a queue without dead letters",
    ({ BusProjectorQueue }) => delete BusProjectorQueue.Properties.RedrivePolicy,
    ["BusProjectorQueue: it has no dead-letter queue"],
  ],
  [
    "a rule without dead letters",
    ({ BusProjectorRule }) => delete BusProjectorRule.Properties.Targets[0].DeadLetterConfig,
    ["BusProjectorRule: a target has no dead-letter queue"],
  ],
  [
    "a function whose failures nobody keeps, called by a rule and by a schedule",
    without("SnapshotterLambdaEvConf"),
    Array(2).fill("SnapshotterLambdaFunction: nobody keeps what it fails on when it is called by a rule"),
  ],
  [
    "a queue that the bus may not send to",
    ({ QueuesFromBus }) => QueuesFromBus.Properties.Queues.pop(),
    ["SnapshotterDeadLetters: the bus may not send to it"],
  ],
  [
    "a stream without a destination",
    change(STREAM, { DestinationConfig: undefined }),
    [`${STREAM}: it has no on-failure destination`],
  ],
  [
    "a stream whose destination loses the records",
    change(STREAM, { DestinationConfig: TO_A_QUEUE }),
    [`${STREAM}: its on-failure destination does not keep the records`],
  ],
  ["retries without end", change(STREAM, { MaximumRetryAttempts: -1 }), [`${STREAM}: it retries without end`]],
  [
    "retries for longer than the stream remembers",
    change(STREAM, { MaximumRecordAgeInSeconds: 86_400 }),
    [`${STREAM}: it retries until the stream has forgotten the record`],
  ],
  [
    "a batch that fails in one piece",
    change(STREAM, { BisectBatchOnFunctionError: false }),
    [`${STREAM}: it does not bisect a batch that failed`],
  ],
  [
    "a batch that fails as a whole",
    change(STREAM, { FunctionResponseTypes: [] }),
    [`${STREAM}: it does not report batch item failures`],
  ],
  [
    "a filter for something else",
    change(STREAM, { FilterCriteria: REMOVALS }),
    [`${STREAM}: it does not take inserts and nothing else`],
  ],
  [
    "a stream that does not count what it gives up",
    change(STREAM, { MetricsConfig: undefined }),
    [`${STREAM}: it does not count what it gives up`],
  ],
  ["a stream that is off", change(STREAM, { Enabled: false }), [`${STREAM}: it is not enabled`]],
];

const API: readonly Row[] = [
  [
    "an open route",
    change("HttpApiRouteDefault", { AuthorizationType: "NONE" }),
    ["HttpApiRouteDefault: it is open: AuthorizationType NONE, AuthorizerId undefined"],
  ],
  [
    "a token that nobody looks at",
    change("HttpApiRouteDefault", { AuthorizationType: "JWT" }),
    ["HttpApiRouteDefault: it is open: AuthorizationType JWT, AuthorizerId undefined"],
  ],
  ["a door beside it", add("Door", "AWS::Lambda::Url", { AuthType: "NONE" }), ["Door: it is open: AuthType NONE"]],
  [
    "an API that takes everything",
    ({ HttpApiStage: { Properties } }) => {
      Properties.DefaultRouteSettings.ThrottlingRateLimit = 1e9;
    },
    ["HttpApiStage: it is not throttled"],
  ],
  [
    "a route that takes everything",
    change("HttpApiStage", { RouteSettings: { $default: { ThrottlingRateLimit: 1e6, ThrottlingBurstLimit: 1 } } }),
    ["HttpApiStage: it is not throttled"],
  ],
  [
    "an API without an access log",
    change("HttpApiStage", { AccessLogSettings: undefined }),
    ["HttpApiStage: it has no access log"],
  ],
  [
    "an API that logs too much",
    change("HttpApiStage", { AccessLogSettings: { Format: '{"query":"$request.querystring"}' } }),
    ["HttpApiStage: its access log holds more than it may"],
  ],
];

const ALARMS: readonly Row[] = [
  [
    "errors unseen",
    without("PublisherErrors"),
    [unseen("PublisherLambdaFunction", "AWS/Lambda Errors FunctionName=PublisherLambdaFunction")],
  ],
  [
    "lag unseen",
    without("ProjectorIteratorAge"),
    [unseen("ProjectorLambdaFunction", "AWS/Lambda IteratorAge FunctionName=ProjectorLambdaFunction")],
  ],
  [
    "a table's throttling unseen, though that of its indexes is seen",
    without("EventsWritesThrottled"),
    [unseen("EventsTable", "AWS/DynamoDB WriteThrottleEvents TableName=EventsTable")],
  ],
  [
    "an index's throttling unseen",
    without("UserActionIndexWritesThrottled"),
    [
      unseen(
        "UserActionIndex",
        "AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=UserActionIndex TableName=EventsTable",
      ),
    ],
  ],
  [
    "parked entities unseen",
    without("ParkedEntities"),
    [unseen("VitalsLambdaFunction", "Streamfold ParkedEntities service=ProductService-dev")],
  ],
  [
    "an alarm for another stage",
    ({ ReadModelLag: { Properties } }) => {
      Properties.Dimensions[0].Value = "ProductService";
    },
    [unseen("VitalsLambdaFunction", "Streamfold OldestWaitingSeconds service=ProductService-dev")],
  ],
  [
    "an alarm in the wrong namespace",
    change("ApiServerErrors", { Namespace: "AWS/Lambda" }),
    [unseen("HttpApi", "AWS/ApiGateway 5xx ApiId=HttpApi")],
  ],
  ["an alarm that nobody hears", change("Conflicts", { AlarmActions: [] }), ["Conflicts: nobody hears it"]],
  ["an alarm that is switched off", change("Conflicts", { ActionsEnabled: false }), ["Conflicts: nobody hears it"]],
  [
    "an alarm that rings when all is well",
    change("Conflicts", { ComparisonOperator: "LessThanThreshold" }),
    ["Conflicts: it does not ring when something is too high, or silent"],
  ],
  [
    "an alarm that waits for more than will ever be",
    change("ProjectorGaveUp", { Threshold: 1e12 }),
    ["ProjectorGaveUp: it waits for more than will ever be"],
  ],
  [
    "an alarm that cannot ring",
    change("Conflicts", { DatapointsToAlarm: 9 }),
    ["Conflicts: it wants more datapoints than it looks at"],
  ],
];

test.each([...RIGHTS, ...DATA, ...FAILURES, ...API, ...ALARMS])("%s is found", (_, plant, found) => {
  const { Resources } = structuredClone(packaged);
  plant(Resources);
  const findings = checkTemplate({ Resources }).map(({ resource, message }) => `${resource}: ${message}`);
  expect(findings).toEqual(found);
});

test("AWS's validator finds in our resources what the framework's own are let off with", () => {
  const copy = structuredClone(packaged);
  delete copy.Resources.EventsTable.UpdateReplacePolicy;
  const file = join(folder, "planted.json");
  writeFileSync(file, JSON.stringify(copy));
  expect(validateTemplate(file).map(({ resource }) => resource)).toEqual(["EventsTable W3011"]);
});
