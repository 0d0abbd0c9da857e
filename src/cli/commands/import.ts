import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { type CheckedImport, checkImport } from "../../operations/check-import.ts";
import { IMPORT_START, type ImportPosition, importEvents } from "../../operations/dynamodb-import-events.ts";
import type { LineRules } from "../../operations/read-event-lines.ts";
import { checkIndexShards } from "../check-index-shards.ts";
import { type CommandContext, defineCommand, type Given } from "../command.ts";
import type { Connection } from "../connect.ts";
import { UsageError } from "../failure.ts";
import { findAggregate } from "../find.ts";
import { KeptPosition, linesOf } from "../import-file.ts";
import { tableAnd } from "../output.ts";

const OPTIONS = {
  publish: {
    kind: "flag",
    about: "the events go on the bus; default: they are marked as published before they are stored",
  },
  renumber: { kind: "flag", about: "number each entity's events from 1 by their order in the file" },
  format: { kind: "text", hint: "FORMAT", about: "streamfold (default) or eventstoredb" },
  aggregate: {
    kind: "text",
    hint: "TYPE",
    about: "of lines that do not say; default: the one that declares the event's type",
  },
  user: { kind: "text", hint: "ID", about: "of lines that do not say; default import" },
  "cut-times": { kind: "flag", about: "cut times to milliseconds; without it more digits are refused" },
  unchecked: { kind: "flag", about: "do not hold data to the schemas of their event types" },
} as const;

/** Stores the events of a file as they are. */
export const importCommand = defineCommand({
  name: "import",
  words: ["file"],
  options: OPTIONS,
  about: "Store the events of a file of JSON lines, with their ids and times",
  details: `A line has entityId, eventType and data; and may have sequenceNumber, aggregateType, eventId, eventTime, version, userId,
correlationId, causationId, commandId, commandHash, traceHeader. Any other field is refused. The whole file is checked
before anything is stored. Cut off anywhere, the same call goes on from there (its place is in FILE.importing until it is
done); run twice, it stores nothing twice. Of an entity that has other events nothing is stored: exit code 1. Without
--publish a projection that the bus feeds hears of the events when a later one of their entity comes: rebuild it.`,
  example: "import events.jsonl",
  run: async (given, context) => {
    const file = resolve(context.io.folder, given.words.file);
    const source = linesOf(file);
    const declared = await context.service();
    const { format = "streamfold", aggregate } = given.options;
    if (aggregate !== undefined) findAggregate(declared, aggregate);
    if (format !== "streamfold" && format !== "eventstoredb")
      throw new UsageError(`--format: expected streamfold or eventstoredb, got ${format}`);
    const connection = await context.connect();
    await checkIndexShards(connection);
    const now = context.io.clock().toISOString();
    const checked = await checkImport(source, rulesOf(connection, given.options, { startedAt: now, sha256: "" }));
    const identity = JSON.stringify([checked.sha256, await tableOf(connection), ownOptions(given.options)]);
    const kept = new KeptPosition(file, identity);
    const { startedAt = now, position: from } = kept.read() ?? {};
    kept.write(startedAt, from ?? IMPORT_START);
    const onBus = given.options.publish;
    context.output.note(
      onBus ? "imported events go on the bus" : "imported events do not go on the bus (--publish sends them)",
    );
    if (from) context.output.note(`going on after line ${from.line}`);
    const signal = context.io.interruption();
    const { tell, end } = context.progress({ unit: "events", total: checked.events });
    if (from) tell(from.imported + from.present);
    const position = await importEvents(source, {
      to: { client: connection.client, table: connection.names.events, indexShards: connection.stage.indexShards },
      rules: rulesOf(connection, given.options, { startedAt, sha256: checked.sha256 }),
      unpublished: onBus ? undefined : connection,
      from,
      signal,
      onBatch: (soFar) => {
        kept.write(startedAt, soFar);
        tell(soFar.imported + soFar.present);
      },
    }).finally(end);
    if (!position.isDone) throw new Error(`stopped after line ${position.line}; the same call goes on from there`);
    kept.remove();
    await report(context, checked, { ...position, onBus });
    return position.refused.length > 0 ? "problem" : "done";
  },
});

type ImportGiven = Given<["file"], typeof OPTIONS>["options"];

function rulesOf(
  { service, payloadEncoding }: Connection,
  options: ImportGiven,
  { startedAt, sha256 }: { readonly startedAt: string; readonly sha256: string },
): LineRules {
  const { format, aggregate, user = "import", renumber, unchecked, "cut-times": cutsTimes } = options;
  return {
    service,
    encoding: payloadEncoding,
    format: format === "eventstoredb" ? "eventstoredb" : "streamfold",
    cutsTimes,
    renumbers: renumber,
    takesAnyData: unchecked,
    aggregateType: aggregate === undefined ? undefined : findAggregate(service, aggregate).aggregateType,
    defaults: {
      eventTime: startedAt,
      userId: user,
      correlationId: `import-${sha256.slice(0, 16)}`,
      eventId: (entityId, sequenceNumber) => uuidOf(`${sequenceNumber} ${entityId}`),
    },
  };
}

/** A UUID of version 8 (RFC 9562, section 5.8): the same for the same text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Those that decide what is stored. */
const ownOptions = (options: ImportGiven) => Object.keys(OPTIONS).map((name) => options[name as keyof ImportGiven]);

/** The table, and no later one of its name. */
async function tableOf({ client, names }: Connection): Promise<string> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: names.events }));
  return `${Table?.TableArn} ${Table?.CreationDateTime?.toISOString()}`;
}

async function report(
  { output }: CommandContext,
  { events, entities, sha256 }: CheckedImport,
  { imported, present, refused, onBus }: ImportPosition & { readonly onBus: boolean },
): Promise<void> {
  await output.result({ events, entities, imported, present, refused, onBus, sha256 }, () =>
    tableAnd(
      refused.map(({ entityId, sequenceNumber, reason }) => ({ entity: entityId, event: sequenceNumber, reason })),
      `${imported} events imported, ${present} were there already, ${refused.length} entities refused; ${entities} entities, SHA-256 ${sha256}`,
    ),
  );
}
