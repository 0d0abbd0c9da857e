import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { projections } from "../projections/index.ts";
import { DynamoDBEventStore } from "../src/event-store/index.ts";
import { eventTypes } from "../src/product/index.ts";
import {
  createProjector,
  forgetGeneration,
  listParked,
  type Projection,
  readStatus,
  rebuild,
  removeRows,
  retryParked,
  rollback,
  skipParked,
  verify,
} from "../src/projector/index.ts";
import {
  createPublisher,
  eventBridgeBus,
  listUnpublished,
  markPublished,
  publishMissing,
} from "../src/publisher/index.ts";

const USAGE = `usage: npm run projections -- COMMAND

  status                       how far every projection is
  rebuild NAME [--capacity N]  build a new generation and serve it; N read units a second at most
  rollback NAME                serve the generation before
  drop NAME GENERATION         remove a generation that is not served
  verify NAME                  recompute the rows from the events and list what differs
  parked NAME                  entities that wait in a projection, or in the publisher
  show NAME ENTITY             one of them, with its error and event
  retry NAME ENTITY            try it again from its checkpoint
  skip NAME ENTITY             pass its event by and go on
  unpublished                  entities whose events are not all on the bus
  publish                      put on the bus what is missing there
  mark-published               take all that is stored by now as published, without sending it

A service that runs on this machine is found by itself; on AWS set TABLE_PREFIX (ProductService-dev), INDEX_SHARDS
where the stage has more than one, and your credentials.`;

const clock = () => new Date();

/** Names and endpoints: of the local run when there is one, else of AWS. */
function findTables(): string {
  const file = join(process.env.STREAMFOLD_DATA ?? ".streamfold", "run.json");
  if (process.env.TABLE_PREFIX !== undefined) return process.env.TABLE_PREFIX;
  if (!existsSync(file)) throw new Error(`no service is running here (${file} is missing) and TABLE_PREFIX is not set`);
  const { engine, bus } = JSON.parse(readFileSync(file, "utf8")) as { engine: string; bus: string };
  process.env.AWS_ENDPOINT_URL_DYNAMODB = engine;
  process.env.AWS_ENDPOINT_URL_EVENTBRIDGE = bus;
  process.env.AWS_ACCESS_KEY_ID ??= "local";
  process.env.AWS_SECRET_ACCESS_KEY ??= "local";
  process.env.AWS_REGION ??= "eu-central-1";
  return "ProductService";
}

function wire() {
  const prefix = findTables();
  const client = new DynamoDBClient({});
  const indexShards = Number(process.env.INDEX_SHARDS ?? 1);
  const options = { eventTypes, indexShards };
  const store = new DynamoDBEventStore(client, `${prefix}-Events`, `${prefix}-Snapshots`, options);
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const on = { client: documents, table: `${prefix}-ReadModels` };
  const projector = createProjector({ projections, store, on, eventTypes, clock, random: Math.random });
  const bus = eventBridgeBus(new EventBridgeClient({}), prefix);
  const backOff = async (round: number) => void (await pause(Math.min(2_000, 50 * 2 ** round)));
  const publisher = createPublisher({ bus, store, on, eventTypes, source: "ProductService", backOff, clock });
  const countEvents = async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: `${prefix}-Events` }));
    return Table?.ItemCount;
  };
  return { store, on, projector, publisher, countEvents };
}

function find(name: string | undefined): Projection {
  const found = projections.find((projection) => projection.name === name);
  if (found) return found;
  throw new Error(`projection: expected one of ${projections.map((one) => one.name).join(", ")}, got ${name}`);
}

function option(args: readonly string[], name: string): number | undefined {
  const place = args.indexOf(name);
  if (place < 0) return undefined;
  const value = Number(args[place + 1]);
  if (!(value > 0)) throw new Error(`${name}: expected a number above 0, got ${args[place + 1]}`);
  return value;
}

type Command = (args: readonly string[]) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  async status() {
    console.table((await readStatus({ ...wire(), projections, clock })).map(({ generations: _, ...status }) => status));
  },
  async rebuild(args) {
    const { projector, countEvents } = wire();
    const capacityPerSecond = option(args, "--capacity");
    const expectedEvents = await countEvents();
    const { generation } = await rebuild(projector, find(args[0]), {
      clock,
      pause: async (milliseconds) => void (await pause(milliseconds)),
      onProgress: ({ segmentsDone, segments, events, eventsPerSecond, secondsLeft }) =>
        console.log(
          `${events} events, ${eventsPerSecond}/s, ${segmentsDone} of ${segments} segments, ${secondsLeft ?? "?"} s left`,
        ),
      ...(capacityPerSecond === undefined ? {} : { capacityPerSecond }),
      ...(expectedEvents === undefined ? {} : { expectedEvents }),
    });
    console.log(`generation ${generation} is served`);
  },
  async rollback([name]) {
    const { generation } = await rollback(wire().projector, find(name), clock);
    console.log(`generation ${generation} is served`);
  },
  async drop([name, number]) {
    const { projector, on } = wire();
    const generation = Number(number);
    await forgetGeneration(projector, find(name), generation, clock);
    await pause(projector.generations.maxAgeMs * 1.5);
    console.log(`${await removeRows(on, { name: find(name).name, generation })} items removed`);
  },
  async verify([name]) {
    const { projector, store, on } = wire();
    const { serving } = await projector.generations.get(find(name).name, find(name).version ?? 1);
    const { differences, rows, behind } = await verify({ store, on, eventTypes }, find(name), {
      name: find(name).name,
      generation: serving,
    });
    for (const difference of differences) console.log(JSON.stringify(difference));
    console.log(`${rows} rows, ${differences.length} differences, ${behind.length} entities behind`);
    if (differences.length > 0) process.exitCode = 1;
  },
  async parked([name = ""]) {
    for await (const { entityId, sequenceNumber, attempts, parkedAt, error } of listParked(wire().on, name)) {
      console.log(`${entityId} #${sequenceNumber} ${parkedAt} after ${attempts} tries: ${error.split("\n")[0]}`);
    }
  },
  async show([name = "", entityId]) {
    for await (const parked of listParked(wire().on, name)) {
      if (parked.entityId === entityId) console.log(JSON.stringify(parked, null, 2));
    }
  },
  async retry([name = "", entityId = ""]) {
    const { projector, publisher } = wire();
    console.log(name === "publisher" ? await publisher.retry(entityId) : await retryParked(projector, name, entityId));
  },
  async unpublished() {
    let count = 0;
    for await (const { entityId, published, head } of listUnpublished(wire())) {
      console.log(`${entityId} is published up to ${published} of ${head}`);
      count += 1;
    }
    console.log(`${count} entities`);
  },
  async publish() {
    const { publisher, ...context } = wire();
    const { published, failed } = await publishMissing(context, publisher);
    console.log(`${published} events published, ${failed} entities failed`);
    if (failed > 0) process.exitCode = 1;
  },
  async "mark-published"() {
    console.log(`${await markPublished(wire())} entities marked`);
  },
  async skip([name = "", entityId = ""]) {
    const { projector, publisher } = wire();
    console.log(
      name === "publisher" ? await publisher.retry(entityId, true) : await skipParked(projector, name, entityId),
    );
  },
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (!command) {
  console.log(USAGE);
  process.exitCode = 2;
} else {
  command(args).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
