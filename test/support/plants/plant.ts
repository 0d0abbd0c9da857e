// biome-ignore lint/suspicious/noExplicitAny: a plant reaches into any resource
export type Resources = Record<string, any>;
export type Plant = (resources: Resources) => unknown;

export const grant =
  (role: string, statement: object): Plant =>
  (resources) =>
    resources[role].Properties.Policies[0].PolicyDocument.Statement.push({ Effect: "Allow", ...statement });
export const change =
  (name: string, properties: object): Plant =>
  (resources) =>
    Object.assign(resources[name].Properties, properties);
export const add =
  (name: string, Type: string, Properties: object): Plant =>
  (resources) =>
    Object.assign(resources, { [name]: { Type, Properties } });
export const without =
  (name: string): Plant =>
  (resources) =>
    delete resources[name];

export const EVENTS = { "Fn::GetAtt": ["EventsTable", "Arn"] };
export const ELSEWHERE = { "Fn::GetAtt": ["BusArchive", "Arn"] };
export const BY_NAME = { "Fn::Sub": "arn:aws:dynamodb:$" + "{AWS::Region}:1:table/ProductService-dev-Events" };
export const STREAM = "PublisherEventSourceMappingDynamodbEventsTable";
export const EVERYTHING = { Statement: [{ Effect: "Allow", Action: "*:*", Resource: "*" }] };
export const OPEN_QUEUE = {
  Queues: [],
  PolicyDocument: { Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "arn", Condition: {} }] },
};
export const TO_A_QUEUE = { OnFailure: { Destination: { "Fn::GetAtt": ["BusProjectorDeadLetters", "Arn"] } } };
export const REMOVALS = { Filters: [{ Pattern: '{"eventName":["REMOVE"]}' }] };
export const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
export const unseen = (resource: string, metric: string) => `${resource}: no alarm looks at ${metric}`;

export type Row = readonly [what: string, plant: Plant, found: readonly string[]];
