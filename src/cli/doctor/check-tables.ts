import { DescribeTableCommand, type KeySchemaElement, type TableDescription } from "@aws-sdk/client-dynamodb";
import { EVENT, EVENT_TYPE_INDEX, USER_ACTION_INDEX } from "../../event-store/dynamodb/attributes.ts";
import { asError } from "../../event-store/index.ts";
import { listsOf } from "../../projector/index.ts";
import { type Check, type DoctorContext, type Finding, fail, ok, unless } from "./finding.ts";

/** Tables with their keys, the indexes with keys that fit the index shards, and the stream. */
export const checkTables: Check = async (context) => {
  const { events, snapshots, readModels } = context.connection.names;
  return [
    ...(await checkTable(context, events, ["entityId", "sequenceNumber"], (table) => [
      ...checkEventIndexes(context, events, table),
      checkStream(events, table),
    ])),
    ...(await checkTable(context, snapshots, ["entityId", "version"], () => [])),
    ...(await checkTable(context, readModels, ["pk", "sk"], (table) => checkLists(context, readModels, table))),
  ];
};

async function checkTable(
  { connection: { client } }: DoctorContext,
  name: string,
  keys: readonly string[],
  more: (table: TableDescription) => Finding[],
): Promise<Finding[]> {
  const check = `table ${name}`;
  const table = await client.send(new DescribeTableCommand({ TableName: name })).then(({ Table }) => Table, asError);
  if (table === undefined || table instanceof Error) return [fail(check, table?.message ?? "it was not described")];
  if (table.TableStatus !== "ACTIVE") return [fail(check, `it is ${table.TableStatus}`)];
  const found = textOf(table.KeySchema);
  const isFitting = found === keys.join(", ");
  return [
    unless(
      check,
      isFitting ? undefined : `its keys are ${found}, expected ${keys.join(", ")}`,
      `active, keys ${found}`,
    ),
    ...more(table),
  ];
}

function checkEventIndexes({ connection: { stage } }: DoctorContext, name: string, table: TableDescription): Finding[] {
  const isSharded = stage.indexShards > 1;
  const expected = {
    [EVENT_TYPE_INDEX]: [isSharded ? EVENT.aggregateTypeShard : EVENT.aggregateType, EVENT.eventTime],
    [USER_ACTION_INDEX]: [isSharded ? EVENT.userIdShard : EVENT.userId, EVENT.eventTime],
  };
  return Object.entries(expected).map(([index, keys]) => {
    const problem = indexProblem(table, index, keys);
    const advice = `; this shell says INDEX_SHARDS is ${stage.indexShards}`;
    return unless(`index ${name}/${index}`, problem && problem + advice, `keys ${keys.join(", ")}`);
  });
}

function checkLists({ service }: DoctorContext, name: string, table: TableDescription): Finding[] {
  const most = Math.max(0, ...service.projections.map((projection) => Object.keys(listsOf(projection)).length));
  return Array.from({ length: most }, (_, index) => {
    const number = index + 1;
    const keys = [`list${number}pk`, `list${number}sk`];
    return unless(`index ${name}/List${number}`, indexProblem(table, `List${number}`, keys), `keys ${keys.join(", ")}`);
  });
}

function indexProblem(
  { GlobalSecondaryIndexes = [] }: TableDescription,
  name: string,
  keys: readonly string[],
): string | undefined {
  const index = GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === name);
  if (!index) return "it is missing";
  const found = textOf(index.KeySchema);
  if (found !== keys.join(", ")) return `its keys are ${found}, expected ${keys.join(", ")}`;
  const isUsable = index.IndexStatus === undefined || index.IndexStatus === "ACTIVE";
  return isUsable ? undefined : `it is ${index.IndexStatus}`;
}

function checkStream(name: string, { StreamSpecification, LatestStreamArn }: TableDescription): Finding {
  const check = `stream of ${name}`;
  const { StreamEnabled, StreamViewType = "" } = StreamSpecification ?? {};
  if (!StreamEnabled || LatestStreamArn === undefined)
    return fail(check, "it is off: no read model and no bus would hear of an event");
  const hasEvents = StreamViewType === "NEW_IMAGE" || StreamViewType === "NEW_AND_OLD_IMAGES";
  return hasEvents ? ok(check, StreamViewType) : fail(check, `its view is ${StreamViewType}, expected NEW_IMAGE`);
}

const textOf = (keys: readonly KeySchemaElement[] = []): string =>
  keys.map(({ AttributeName }) => AttributeName).join(", ");
