import { type Fields, type Finding, fieldsOf, listOf, ofType, type Template } from "./template.ts";

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

const statementsIn = (document: unknown): readonly Statement[] => listOf<Statement>(fieldsOf(document).Statement);

const BESIDE_ROLES = ["Policy", "ManagedPolicy", "RolePolicy", "UserPolicy", "GroupPolicy"];

/** Who may do what: the policies inside roles, and those beside them. */
function rightsIn(template: Template): [resource: string, statement: Statement][] {
  const inRoles = ofType(template, "AWS::IAM::Role").flatMap(([name, { Policies }]) =>
    listOf<Fields>(Policies).map(({ PolicyDocument }) => [name, PolicyDocument] as const),
  );
  const beside = BESIDE_ROLES.flatMap((type) => ofType(template, `AWS::IAM::${type}`)).map(
    ([name, { PolicyDocument }]) => [name, PolicyDocument] as const,
  );
  return [...inRoles, ...beside].flatMap(([name, document]) =>
    statementsIn(document).map((statement): [string, Statement] => [name, statement]),
  );
}

/** The wildcards that cannot be avoided, each with the only actions that may have it. */
const UNAVOIDABLE: readonly { readonly why: string; readonly resource: RegExp; readonly actions: readonly string[] }[] =
  [
    {
      why: "a function names its log streams only while it runs",
      resource: /log-group:\/aws\/lambda\/[^*?]+:\*$/,
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    },
    {
      why: "Lambda names the object of a batch that was given up by the time",
      resource: /^\$\{StreamFailuresBucket\.Arn\}\/aws\/lambda\/\*$/,
      actions: ["s3:PutObject"],
    },
    {
      why: "X-Ray has no resources",
      resource: /^\*$/,
      actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    },
  ];

const textOf = (resource: unknown): string =>
  typeof resource === "string" ? resource : String(fieldsOf(resource)["Fn::Sub"] ?? JSON.stringify(resource));

const isWide = (text: string): boolean => /[*?]/.test(text);

function checkWildcards(resource: string, statement: Statement): Finding[] {
  const actions = listOf<string>(statement.Action);
  const isAllowed = (text: string) =>
    UNAVOIDABLE.some((one) => one.resource.test(text) && actions.every((action) => one.actions.includes(action)));
  const wideResources = listOf(statement.Resource)
    .map(textOf)
    .filter((text) => isWide(text) && !isAllowed(text));
  return [
    ...actions.filter(isWide).map((action) => ({ resource, message: `wildcard action ${action}` })),
    ...wideResources.map((text) => ({ resource, message: `wildcard resource ${text}` })),
    ...(["NotAction", "NotResource"] as const)
      .filter((key) => statement[key] !== undefined)
      .map((key) => ({ resource, message: `${key} allows whatever it does not name` })),
  ];
}

/** All that a role may ever do to the events table and its stream; only the API appends. IAM ignores case. */
const READS_EVENTS = [
  "getitem",
  "batchgetitem",
  "query",
  "describestream",
  "getrecords",
  "getsharditerator",
  "liststreams",
].map((action) => `dynamodb:${action}`);

/** Commands store events, and a rebuild reads all of them. */
const MORE_ON_EVENTS: Readonly<Record<string, readonly string[]>> = {
  ApiRole: ["dynamodb:putitem"],
  OperationsRole: ["dynamodb:scan"],
};

function checkEvents(template: Template, resource: string, { Action, Resource: resources }: Statement): Finding[] {
  const tableName = String(template.Resources.EventsTable?.Properties?.TableName);
  const touchesEvents = listOf(resources).some((one) => {
    const text = JSON.stringify(one);
    return text.includes("EventsTable") || text.includes(tableName);
  });
  const own = Object.hasOwn(MORE_ON_EVENTS, resource) ? (MORE_ON_EVENTS[resource] ?? []) : [];
  const allowed = [...READS_EVENTS, ...own];
  const others = listOf<string>(Action).filter((action) => !allowed.includes(action.toLowerCase()));
  return touchesEvents ? others.map((action) => ({ resource, message: `${action} on the events table` })) : [];
}

function checkManagedPolicies(template: Template): Finding[] {
  return ofType(template, "AWS::IAM::Role").flatMap(([resource, { ManagedPolicyArns }]) =>
    listOf<string>(ManagedPolicyArns).map((arn) => ({ resource, message: `a policy from elsewhere: ${textOf(arn)}` })),
  );
}

const CHANGES = /^dynamodb:.*(delete|update|put|batchwrite|partiql)/i;

/** What changes or removes items may do so in the other two tables, and nowhere that is not plainly one of them. */
function checkChanges(resource: string, { Action, Resource: resources }: Statement): Finding[] {
  const isElsewhere = (one: unknown) =>
    /^\{"Fn::GetAtt":\["(SnapshotsTable|ReadModelsTable)","Arn"\]\}$/.test(JSON.stringify(one));
  const unclear = listOf(resources).filter((one) => !isElsewhere(one) && !JSON.stringify(one).includes("EventsTable"));
  const changes = listOf<string>(Action).filter((action) => CHANGES.test(action));
  return changes.flatMap((action) =>
    unclear.map((one) => ({ resource, message: `${action} on ${textOf(one)}, which may be the events table` })),
  );
}

/** Roles that another account or service may take, and functions that it may call. */
function checkTrust(template: Template): Finding[] {
  const trusts = ofType(template, "AWS::IAM::Role").flatMap(([resource, { AssumeRolePolicyDocument }]) =>
    statementsIn(AssumeRolePolicyDocument)
      .filter(({ Principal }) => JSON.stringify(Principal) !== '{"Service":"lambda.amazonaws.com"}')
      .map(({ Principal }) => ({ resource, message: `it may be taken by ${JSON.stringify(Principal)}` })),
  );
  const calls = ofType(template, "AWS::Lambda::Permission")
    .filter(([, { Principal }]) => !String(Principal).endsWith(".amazonaws.com"))
    .map(([resource, { Principal }]) => ({ resource, message: `its function may be called by ${String(Principal)}` }));
  const ofTables = ofType(template, "AWS::DynamoDB::Table")
    .filter(([, { ResourcePolicy }]) => ResourcePolicy !== undefined)
    .map(([resource]) => ({ resource, message: "it has a policy of its own, beside the roles" }));
  return [...trusts, ...calls, ...ofTables];
}

const ON_RESOURCES = [
  "AWS::SQS::QueuePolicy",
  "AWS::S3::BucketPolicy",
  "AWS::SNS::TopicPolicy",
  "AWS::Events::EventBusPolicy",
];

/** A policy on a queue, a bucket, a topic or the bus lets in nobody that it does not name. */
function checkResourcePolicies(template: Template): Finding[] {
  const policies = ON_RESOURCES.flatMap((type) => ofType(template, type));
  return policies.flatMap(([resource, { PolicyDocument, Statement }]) =>
    [...statementsIn(PolicyDocument), ...listOf<Statement>(Statement)]
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Principal, Action, Condition }) => {
        const isOpen = JSON.stringify(Principal ?? "*").includes('"*"');
        const wide = listOf<string>(Action).filter(isWide);
        return [
          ...(isOpen ? [{ resource, message: "it lets in everybody" }] : []),
          ...(Condition === undefined ? [{ resource, message: "it lets in a service on anybody's behalf" }] : []),
          ...wide.map((action) => ({ resource, message: `wildcard action ${action}` })),
        ];
      }),
  );
}

/** No rights wider than need be, and none to change or remove an event. */
export function checkRights(template: Template): Finding[] {
  const statements = rightsIn(template).flatMap(([name, statement]) => [
    ...checkWildcards(name, statement),
    ...checkEvents(template, name, statement),
    ...checkChanges(name, statement),
  ]);
  return [
    ...statements,
    ...checkManagedPolicies(template),
    ...checkResourcePolicies(template),
    ...checkTrust(template),
  ];
}
