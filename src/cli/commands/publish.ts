import { publishAgain } from "../../operations/publish-again.ts";
import { listUnpublished, markPublished, publishMissing, type Unpublished } from "../../publisher/index.ts";
import { type CommandContext, defineCommand, type Outcome } from "../command.ts";
import { UsageError } from "../failure.ts";
import { findAggregate } from "../find.ts";
import { tableAnd } from "../output.ts";
import { watchScans } from "../watch-scans.ts";

/** Puts events on the bus by hand. */
export const publish = defineCommand({
  name: "publish",
  words: [],
  options: {
    missing: { kind: "flag", about: "what is not on the bus" },
    from: { kind: "time", hint: "TIME", about: "everything since a time (ISO 8601), though it is on the bus" },
    aggregate: { kind: "text", hint: "TYPE", about: "with --from: only events of this aggregate" },
  },
  about: "Put events on the bus: what is missing there, or everything since a time",
  details: `--missing reads the whole table; what the stream forgot or the publisher never saw is sent. --from sends events again,
each entity's in their order: subscribers that know their place pass by what they have. Parked entities are left.`,
  example: "publish --from 2026-01-31T12:00:00Z",
  asks: ({ options: { from } }) =>
    from === undefined ? undefined : `All events since ${from} go on the bus, though they may have been there already.`,
  run: async ({ options: { missing, from, aggregate } }, context) => {
    if (missing === (from !== undefined)) throw new UsageError("expected --missing or --from TIME");
    if (from !== undefined) return publishFrom(context, from, aggregate);
    if (aggregate !== undefined) throw new UsageError("--aggregate is for --from");
    const connection = await context.connect();
    const { table, publisher } = connection;
    const { store, end } = await watchScans(connection, context);
    const result = await publishMissing({ store, table }, publisher).finally(end);
    await context.output.result(result, () => `${result.published} events published, ${result.failed} entities failed`);
    return result.failed > 0 ? "problem" : "done";
  },
});

async function publishFrom(
  { service, connect, progress, output }: CommandContext,
  fromTime: string,
  aggregate: string | undefined,
): Promise<Outcome> {
  const declared = await service();
  const chosen = aggregate === undefined ? Object.values(declared.aggregates) : [findAggregate(declared, aggregate)];
  const aggregateTypes = chosen.map(({ aggregateType }) => aggregateType);
  const { tell, end } = progress({ unit: "events" });
  const onProgress = ({ published }: { readonly published: number }) => tell(published);
  const result = await publishAgain(await connect(), { fromTime, aggregateTypes, onProgress }).finally(end);
  const { entities, published, failed, parked } = result;
  await output.result(
    result,
    () => `${published} events of ${entities} entities published, ${failed} failed, ${parked} parked`,
  );
  return failed > 0 ? "problem" : "done";
}

export const publishStatus = defineCommand({
  name: "publish status",
  words: [],
  options: {},
  about: "List the entities whose events are not all on the bus",
  details: "Reads the whole table. Parked entities are not among them: `parked list publisher`.",
  example: "publish status",
  run: async (_, context) => {
    const connection = await context.connect();
    const { store, end } = await watchScans(connection, context);
    const entities: Unpublished[] = [];
    for await (const one of listUnpublished({ store, table: connection.table })) entities.push(one);
    end();
    await context.output.result({ entities }, () =>
      tableAnd(
        entities.map(({ entityId, published, head }) => ({ entity: entityId, published, version: head })),
        `${entities.length} entities`,
      ),
    );
    return "done";
  },
});

export const publishMark = defineCommand({
  name: "publish mark",
  words: [],
  options: {},
  about: "Take all that is stored by now as published, without sending it",
  details: "For a table whose history must not be published, or whose ReadModels table was lost.",
  example: "publish mark --yes",
  asks: () => "What is stored by now and is not on the bus is never published.",
  run: async (_, context) => {
    const connection = await context.connect();
    const { store, end } = await watchScans(connection, context);
    const entities = await markPublished({ store, table: connection.table }).finally(end);
    await context.output.result({ entities }, () => `${entities} entities marked`);
    return "done";
  },
});
