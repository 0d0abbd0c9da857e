/** A CloudFormation template, as far as it is looked at. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
}

/** Something in the template that nobody should sign. */
export interface Finding {
  readonly resource: string;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

const ofType = ({ Resources }: Template, type: string): [string, Resource][] =>
  Object.entries(Resources).filter(([, resource]) => resource.Type === type);

function statementsOf({ Properties = {} }: Resource): Statement[] {
  return listOf(Properties.Policies as readonly Fields[] | undefined).flatMap(({ PolicyDocument }) =>
    listOf(fieldsOf(PolicyDocument).Statement as readonly Statement[] | undefined),
  );
}

/** The one wildcard that cannot be avoided: a function names its log streams only while it runs. */
const LOG_STREAMS = /log-group:\/aws\/lambda\/[^*]+:\*$/;

const resourceText = (resource: unknown): string =>
  typeof resource === "string" ? resource : String(fieldsOf(resource)["Fn::Sub"] ?? JSON.stringify(resource));

function checkStatement(resource: string, { Action, Resource: resources }: Statement): Finding[] {
  const findings: Finding[] = [];
  for (const action of listOf(Action)) {
    if (action.includes("*")) findings.push({ resource, message: `wildcard action ${action}` });
  }
  for (const text of listOf(resources).map(resourceText)) {
    if (text.includes("*") && !LOG_STREAMS.test(text))
      findings.push({ resource, message: `wildcard resource ${text}` });
  }
  return findings;
}

const CHANGES_EVENTS = new Set(["dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"]);

function checkEvents(resource: string, { Action, Resource: resources }: Statement): Finding[] {
  const touchesEvents = listOf(resources).some((one) => JSON.stringify(one).includes("EventsTable"));
  const changes = listOf(Action).filter((action) => CHANGES_EVENTS.has(action));
  return touchesEvents ? changes.map((action) => ({ resource, message: `${action} on the events table` })) : [];
}

function checkRoles(template: Template): Finding[] {
  return ofType(template, "AWS::IAM::Role").flatMap(([name, role]) =>
    statementsOf(role).flatMap((statement) => [...checkStatement(name, statement), ...checkEvents(name, statement)]),
  );
}

function checkTables(template: Template): Finding[] {
  return ofType(template, "AWS::DynamoDB::Table").flatMap(([resource, { DeletionPolicy, Properties = {} }]) => {
    const recovery = fieldsOf(Properties.PointInTimeRecoverySpecification).PointInTimeRecoveryEnabled;
    const checks: [boolean, string][] = [
      [DeletionPolicy === "Retain", "its DeletionPolicy is not Retain"],
      [Properties.DeletionProtectionEnabled === true, "it has no deletion protection"],
      [recovery === true, "it has no point-in-time recovery"],
      [fieldsOf(Properties.SSESpecification).SSEEnabled === true, "it is not encrypted with a key of its own"],
    ];
    return checks.flatMap(([isRight, message]) => (isRight ? [] : [{ resource, message }]));
  });
}

/** Queues that others send their failures to end the chain; every other queue needs one. */
function checkQueues(template: Template): Finding[] {
  const ends = /(DeadLetters|Failures)$/;
  const queues = ofType(template, "AWS::SQS::Queue").filter(([name]) => !ends.test(name));
  return queues.flatMap(([resource, { Properties = {} }]) =>
    fieldsOf(Properties.RedrivePolicy).deadLetterTargetArn
      ? []
      : [{ resource, message: "it has no dead-letter queue" }],
  );
}

function checkDestinations(template: Template): Finding[] {
  const mappings = ofType(template, "AWS::Lambda::EventSourceMapping").flatMap(([resource, { Properties = {} }]) => {
    const isStream = JSON.stringify(Properties.EventSourceArn).includes("StreamArn");
    const hasDestination = fieldsOf(fieldsOf(Properties.DestinationConfig).OnFailure).Destination !== undefined;
    return isStream && !hasDestination ? [{ resource, message: "it has no on-failure destination" }] : [];
  });
  const rules = ofType(template, "AWS::Events::Rule")
    .filter(([, { Properties = {} }]) => Properties.EventPattern !== undefined)
    .flatMap(([resource, { Properties = {} }]) =>
      listOf(Properties.Targets as readonly Fields[] | undefined).flatMap((target) =>
        fieldsOf(target.DeadLetterConfig).Arn ? [] : [{ resource, message: "a target has no dead-letter queue" }],
      ),
    );
  return [...mappings, ...rules];
}

function checkRoutes(template: Template): Finding[] {
  return ofType(template, "AWS::ApiGatewayV2::Route").flatMap(([resource, { Properties = {} }]) =>
    ["AWS_IAM", "JWT"].includes(String(Properties.AuthorizationType))
      ? []
      : [{ resource, message: `it is open: AuthorizationType ${String(Properties.AuthorizationType)}` }],
  );
}

/** What an operator would not sign: rights too wide, unprotected tables, failures that nobody keeps, open routes. */
export function checkTemplate(template: Template): Finding[] {
  return [checkRoles, checkTables, checkQueues, checkDestinations, checkRoutes].flatMap((check) => check(template));
}
