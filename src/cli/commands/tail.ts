import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { StoredEvent } from "../../event-store/index.ts";
import { pollStream, readRecords } from "../../stream/index.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { UnreachableError } from "../failure.ts";
import { checkEventType } from "../find.ts";

/** Prints events as they are stored. */
export const tail = defineCommand({
  name: "tail",
  words: [],
  options: {
    type: { kind: "text", hint: "TYPE", about: "only events of this type" },
    entity: { kind: "text", hint: "ID", about: "only events of this entity" },
    user: { kind: "text", hint: "ID", about: "only events of this user" },
    count: { kind: "integer", hint: "N", min: 1, about: "end after so many events; default: on Ctrl-C" },
  },
  about: "Print events as they are stored, until Ctrl-C",
  details: `It reads the table's stream from now on, beside the projector and the publisher: AWS advises two readers a shard at
most, so do not leave it running on a busy stage. With --json a line of JSON an event.`,
  example: "tail --type PriceUpdated --user ann",
  run: async ({ options: { type, entity, user, count } }, context) => {
    if (type !== undefined) checkEventType(await context.service(), type);
    let left = count ?? Number.POSITIVE_INFINITY;
    const enough = new AbortController();
    const isWanted = ({ eventType, entityId, userId }: StoredEvent): boolean =>
      (type ?? eventType) === eventType && (entity ?? entityId) === entityId && (user ?? userId) === userId;
    await follow(context, AbortSignal.any([enough.signal, context.io.interruption()]), async (event) => {
      if (!isWanted(event) || left === 0) return;
      left -= 1;
      await context.output.line(event, () => lineOf(event));
      if (left === 0) enough.abort();
    });
    return "done";
  },
});

async function follow(
  { io, output, connect }: CommandContext,
  signal: AbortSignal,
  take: (event: StoredEvent) => Promise<void>,
): Promise<void> {
  const { client, clientConfig, names, stage } = await connect();
  const { Table } = await client.send(new DescribeTableCommand({ TableName: names.events }));
  const streamArn = Table?.LatestStreamArn;
  if (streamArn === undefined) throw new UnreachableError(`the table ${names.events} has no stream`);
  const streams = new DynamoDBStreamsClient(clientConfig);
  output.note(`following ${names.events}; Ctrl-C ends it`);
  const polling = pollStream({
    client: streams,
    streamArn,
    startingPosition: "LATEST",
    progress: { load: async () => new Map(), save: async () => undefined },
    handle: async (records) => {
      for (const { event } of readRecords(records)) if (event) await take(event);
    },
    batchSize: 100,
    idleMs: stage.local ? 100 : 1_000,
    clock: io.clock,
    signal,
    log: output.note,
  });
  await polling.finally(() => streams.destroy());
}

const lineOf = ({ eventTime, entityId, sequenceNumber, eventType, userId, eventData }: StoredEvent): string =>
  `${eventTime}  ${entityId} #${sequenceNumber}  ${eventType}  ${userId}  ${JSON.stringify(eventData)}`;
