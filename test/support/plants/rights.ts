import {
  ADMINISTRATOR,
  add,
  BY_NAME,
  change,
  ELSEWHERE,
  EVENTS,
  EVERYTHING,
  grant,
  OPEN_QUEUE,
  type Row,
} from "./plant.ts";

export const RIGHTS: readonly Row[] = [
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
