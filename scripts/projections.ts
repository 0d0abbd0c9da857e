import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Projection } from "../src/definition/index.ts";
import { productService } from "../src/product/service.ts";
import {
  type EntityOutcome,
  forgetGeneration,
  type RebuildProgress,
  readStatus,
  rebuild,
  removeRows,
  retryParked,
  rollback,
  skipParked,
  verify,
} from "../src/projector/dynamodb/index.ts";
import { listUnpublished, markPublished, type PublishOutcome, publishMissing } from "../src/publisher/index.ts";
import { listParked, NotParkedError } from "../src/stream/index.ts";
import { confirm } from "./confirm.ts";
import { clock, wire } from "./projections/wire.ts";

const { projections, eventTypes } = productService;

const USAGE = `usage: npm run projections -- COMMAND

  status                       how far every projection is
  rebuild NAME [--capacity N]  build a new generation and serve it; N read units a second at most
  rollback NAME [--catch-up]   serve the generation before; where it missed events, scan them first
  drop NAME GENERATION         remove a generation that is not served; with --abandon also one whose rebuild nobody goes on with
  verify NAME                  recompute the rows from the events and list what differs
  parked NAME                  entities that wait in a projection, or in the publisher
  show NAME ENTITY             one of them, with its error and event
  retry NAME ENTITY            try it again from its checkpoint
  skip NAME ENTITY             pass its event by and go on
  unpublished                  entities whose events are not all on the bus
  publish                      put on the bus what is missing there
  mark-published               take all that is stored by now as published, without sending it

rollback, drop, skip and mark-published ask before they do it; --yes answers.
A service that runs on this machine is found by itself; on AWS set TABLE_PREFIX (ProductService-dev), INDEX_SHARDS
where the stage has more than one, your credentials, and what the stage's publisher is given beside the defaults
(SERVICE_NAME, PUBLISH_USER_ID, BUS_MAX_BYTES, SNAPSHOT_EVERY).`;

function find(name: string | undefined): Projection {
  const found = projections.find((projection) => projection.name === name);
  if (found) return found;
  throw new Error(`projection: expected one of ${projections.map((one) => one.name).join(", ")}, got ${name}`);
}

/** A projection's name, or the publisher's. */
function findParking(name: string): string {
  return name === "publisher" ? name : find(name).name;
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name}: expected a number above 0, got ${text}`);
  return value;
}

/** What a command is given, by the words of its line in the usage. */
interface Given {
  readonly name: string;
  readonly entity: string;
  readonly generation: string;
  readonly capacity: string | undefined;
  readonly "catch-up": boolean;
  readonly abandon: boolean;
}

/** Prints what became of a parked entity; one that failed again is still listed, and the command fails. */
function tell(outcomes: readonly (PublishOutcome | EntityOutcome)[]): void {
  console.log(outcomes);
  const hasFailed = outcomes.some((one) => ("failures" in one ? one.failures.length > 0 : one.failedAt !== undefined));
  if (hasFailed || outcomes.some(({ parked }) => Boolean(parked))) process.exitCode = 1;
}

const wait = async (milliseconds: number): Promise<void> => void (await pause(milliseconds));

function tellProgress({ segmentsDone, segments, events, eventsPerSecond, secondsLeft }: RebuildProgress): void {
  const left = secondsLeft ?? "?";
  console.log(`${events} events, ${eventsPerSecond}/s, ${segmentsDone} of ${segments} segments, ${left} s left`);
}

type Command = readonly [
  words: readonly ("name" | "entity" | "generation")[],
  run: (given: Given) => Promise<void>,
  /** What is lost or changed, for what has to be confirmed. */
  warning?: (given: Given) => string,
];

const COMMANDS: Readonly<Record<string, Command>> = {
  status: [
    [],
    async () => {
      const all = await readStatus({ ...(await wire()), projections, clock });
      console.table(all.map(({ generations: _, ...status }) => status));
    },
  ],
  rebuild: [
    ["name"],
    async ({ name, capacity }) => {
      const capacityPerSecond = positive("--capacity", capacity);
      const projection = find(name);
      const { projector, countEvents } = await wire();
      const expectedEvents = await countEvents();
      const { generation } = await rebuild(projector, projection, {
        clock,
        pause: wait,
        onProgress: tellProgress,
        ...(capacityPerSecond === undefined ? {} : { capacityPerSecond }),
        ...(expectedEvents === undefined ? {} : { expectedEvents }),
      });
      console.log(`generation ${generation} is served`);
    },
  ],
  rollback: [
    ["name"],
    async ({ name, "catch-up": isCaughtUp }) => {
      const projection = find(name);
      const catchUp = isCaughtUp ? { clock, pause: wait, onProgress: tellProgress } : undefined;
      const { generation } = await rollback((await wire()).projector, projection, { clock, catchUp });
      console.log(`generation ${generation} is served`);
    },
    ({ name }) => `Readers of ${name} are served the generation before, with its rows as they are.`,
  ],
  drop: [
    ["name", "generation"],
    async ({ name, generation: text, abandon }) => {
      const projection = find(name);
      const generation = Number(text);
      if (!Number.isInteger(generation) || generation < 1)
        throw new Error(`GENERATION: expected an integer of at least 1, got ${text}`);
      const { projector, table } = await wire();
      await forgetGeneration(projector, projection, { generation, clock, abandon });
      await pause(projector.generations.maxAgeMs * 1.5);
      console.log(`${await removeRows(table, { name: projection.name, number: generation })} items removed`);
    },
    ({ name, generation }) => `All rows of generation ${generation} of ${name} are removed.`,
  ],
  verify: [
    ["name"],
    async ({ name }) => {
      const projection = find(name);
      const { projector, store, table } = await wire();
      const { serving } = await projector.generations.get(projection.name, projection.version ?? 1);
      const generation = { name: projection.name, number: serving };
      const { differences, rows, behind, skipped, failed } = await verify(
        { store, table, eventTypes },
        projection,
        generation,
      );
      for (const difference of differences) console.log(JSON.stringify(difference));
      const advice =
        behind.length > 0 ? "; behind are entities with events that it has not taken, which is no difference" : "";
      for (const { entityId, sequenceNumber } of skipped) console.log(`skipped: ${entityId} #${sequenceNumber}`);
      for (const { entityId, sequenceNumber, error } of failed)
        console.log(`cannot be taken any more: ${entityId} #${sequenceNumber}: ${error}`);
      console.log(
        `${rows} rows, ${differences.length} differences, ${skipped.length} events skipped, ${failed.length} failed, ${behind.length} entities behind${advice}`,
      );
      if (differences.length + failed.length > 0) process.exitCode = 1;
    },
  ],
  parked: [
    ["name"],
    async ({ name }) => {
      let count = 0;
      for await (const one of listParked((await wire()).table, findParking(name))) {
        const { entityId, sequenceNumber, attempts, parkedAt, error } = one;
        console.log(`${entityId} #${sequenceNumber} ${parkedAt} after ${attempts} tries: ${error.split("\n")[0]}`);
        count += 1;
      }
      console.log(`${count} parked`);
    },
  ],
  show: [
    ["name", "entity"],
    async ({ name, entity }) => {
      let isParked = false;
      for await (const parked of listParked((await wire()).table, findParking(name))) {
        if (parked.entityId !== entity) continue;
        console.log(JSON.stringify(parked, null, 2));
        isParked = true;
      }
      if (!isParked) throw new NotParkedError(name, entity);
    },
  ],
  retry: [
    ["name", "entity"],
    async ({ name, entity }) => {
      const { projector, publisher } = await wire();
      const isPublisher = findParking(name) === "publisher";
      tell(isPublisher ? [await publisher.retry(entity)] : await retryParked(projector, name, entity));
    },
  ],
  skip: [
    ["name", "entity"],
    async ({ name, entity }) => {
      const { projector, publisher } = await wire();
      const isPublisher = findParking(name) === "publisher";
      tell(isPublisher ? [await publisher.retry(entity, true)] : await skipParked(projector, name, entity));
    },
    ({ name, entity }) => `The event that ${name} waits at is never taken for ${entity}.`,
  ],
  unpublished: [
    [],
    async () => {
      let count = 0;
      for await (const { entityId, published, head } of listUnpublished(await wire())) {
        console.log(`${entityId} is published up to ${published} of ${head}`);
        count += 1;
      }
      console.log(`${count} entities`);
    },
  ],
  publish: [
    [],
    async () => {
      const { publisher, ...context } = await wire();
      const { published, failed } = await publishMissing(context, publisher);
      console.log(`${published} events published, ${failed} entities failed`);
      if (failed > 0) process.exitCode = 1;
    },
  ],
  "mark-published": [
    [],
    async () => console.log(`${await markPublished(await wire())} entities marked`),
    () => "What is stored by now and is not on the bus is never published.",
  ],
};

/** Options, and the command that each is for; `yes` is for those that ask. */
const OPTIONS = {
  capacity: { for: "rebuild", type: "string" },
  "catch-up": { for: "rollback", type: "boolean" },
  abandon: { for: "drop", type: "boolean" },
} as const;

/** @throws for a command, a word or an option that is not known or lacks */
function read(): () => Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { ...OPTIONS, yes: { type: "boolean" } },
  });
  const [command = "", ...given] = positionals;
  const found = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!found) throw new Error(`expected a command, got ${command === "" ? "none" : command}`);
  const [words, run, warning] = found;
  if (given.length !== words.length || given.includes(""))
    throw new Error(
      `${command}: expected ${words.join(" and ").toUpperCase() || "nothing more"}, got ${given.join(" ") || "nothing"}`,
    );
  const { capacity, "catch-up": isCaughtUp = false, abandon = false } = values;
  for (const [option, { for: owner }] of Object.entries(OPTIONS))
    if (option in values && owner !== command) throw new Error(`${command}: --${option} is for ${owner}`);
  if (values.yes && !warning) throw new Error(`${command}: --yes is for what asks`);
  const byWord = Object.fromEntries(words.map((word, index) => [word, given[index] ?? ""]));
  const all = { name: "", entity: "", generation: "", ...byWord, capacity, "catch-up": isCaughtUp, abandon };
  return async () => {
    if (warning) await confirm(warning(all), values.yes ?? false);
    await run(all);
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

try {
  await read()().catch((error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  });
} catch (error) {
  console.error(`${messageOf(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
