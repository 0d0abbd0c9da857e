import { type Fields, type Finding, fieldsOf, listOf, ofType, type Template } from "./template.ts";

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
}

const statementsIn = (document: unknown): readonly Statement[] => listOf<Statement>(fieldsOf(document).Statement);

/** Who may do what: the policies inside roles, and those beside them. */
function rightsIn(template: Template): [resource: string, statement: Statement][] {
  const inRoles = ofType(template, "AWS::IAM::Role").flatMap(([name, { Policies }]) =>
    listOf<Fields>(Policies).map(({ PolicyDocument }) => [name, PolicyDocument] as const),
  );
  const beside = ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => ofType(template, type))
    .map(([name, { PolicyDocument }]) => [name, PolicyDocument] as const);
  return [...inRoles, ...beside].flatMap(([name, document]) =>
    statementsIn(document).map((statement): [string, Statement] => [name, statement]),
  );
}

/** The wildcards that cannot be avoided, each with the only actions that may have it. */
const UNAVOIDABLE: readonly { readonly why: string; readonly resource: RegExp; readonly actions: readonly string[] }[] =
  [
    {
      why: "a function names its log streams only while it runs",
      resource: /log-group:\/aws\/lambda\/[^*]+:\*$/,
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    },
    {
      why: "Lambda names the object of a batch that was given up by the time",
      resource: /\$\{StreamFailures\.Arn\}\/aws\/lambda\/\*$/,
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

function checkWildcards(resource: string, statement: Statement): Finding[] {
  const actions = listOf<string>(statement.Action);
  const wide = actions.filter((action) => action.includes("*"));
  const isAllowed = (text: string) =>
    UNAVOIDABLE.some((one) => one.resource.test(text) && actions.every((action) => one.actions.includes(action)));
  const texts = listOf(statement.Resource).map(textOf);
  return [
    ...wide.map((action) => ({ resource, message: `wildcard action ${action}` })),
    ...texts
      .filter((text) => text.includes("*") && !isAllowed(text))
      .map((text) => ({ resource, message: `wildcard resource ${text}` })),
  ];
}

const CHANGES_EVENTS =
  /^dynamodb:(DeleteItem|UpdateItem|BatchWriteItem|PartiQL(Delete|Update)|DeleteTable|UpdateTable)$/;

function checkEvents(resource: string, { Action, Resource: resources }: Statement): Finding[] {
  const touchesEvents = listOf(resources).some((one) => JSON.stringify(one).includes("EventsTable"));
  const changes = listOf<string>(Action).filter((action) => CHANGES_EVENTS.test(action));
  return touchesEvents ? changes.map((action) => ({ resource, message: `${action} on the events table` })) : [];
}

/** No rights wider than need be, and none to change or remove an event. */
export function checkRights(template: Template): Finding[] {
  return rightsIn(template).flatMap(([name, statement]) => [
    ...checkWildcards(name, statement),
    ...checkEvents(name, statement),
  ]);
}
