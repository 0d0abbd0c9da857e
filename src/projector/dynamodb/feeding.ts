import { isDeepStrictEqual } from "node:util";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey, Generations } from "../generation.ts";
import type { Target } from "../target.ts";
import { isUnchangedSince } from "./positions.ts";
import { FEEDING_PARTITION, ROW } from "./read-model-keys.ts";

/** Whether live events flow into a generation, as far as the projectors that ran have told. */
export interface Feeding {
  /** False: code that does not feed it was the last to run. */
  readonly isFed: boolean;
  /** ISO 8601. The last time at which it is known not to have been fed; undefined: never. It names the gap. */
  readonly gap?: string;
}

/** Milliseconds after which a process looks again whether others have run with other code. */
const POLL_EVERY_MS = 60_000;
const TRIES = 10;

/**
 * Tells which generations live events flow into. A generation is only complete if it was fed without a gap, and that
 * ends when code runs that does not have its version. So every reader of the events (the table stream, the bus) keeps
 * one item that says of each generation whether it is fed; whoever runs with other code than the one before it
 * changes the item before it takes its first batch.
 */
export class FeedingRecord {
  readonly #table: ReadModelTable;
  readonly #clock: () => Date;
  #noted: { readonly entries: Readonly<Record<string, boolean>>; readonly until: number } | undefined;

  constructor(
    table: ReadModelTable,
    clock: () => Date,
    /** Names the reader of the events: each has an item of its own. */
    readonly reader: string,
  ) {
    this.#table = table;
    this.#clock = clock;
  }

  /** @param fed what this process feeds @param known the generations of every projection that its code has */
  async note(fed: readonly Target[], known: readonly Generations[]): Promise<void> {
    if (known.length === 0) return;
    const own = new Set(fed.map(({ generation }) => entryOf(generation)));
    const all = known.flatMap(({ name, all }) => all.map(({ generation }) => entryOf({ name, number: generation })));
    const entries = Object.fromEntries(all.map((entry) => [entry, own.has(entry)]));
    const now = this.#clock();
    const isNoted = this.#noted && isDeepStrictEqual(this.#noted.entries, entries) && this.#noted.until > now.getTime();
    if (isNoted) return;
    await this.#write(new Set(known.map(({ name }) => name)), entries, now.toISOString());
    this.#noted = { entries, until: now.getTime() + POLL_EVERY_MS };
  }

  async #write(names: ReadonlySet<string>, entries: Readonly<Record<string, boolean>>, now: string): Promise<void> {
    const { client, name: table } = this.#table;
    const Key = { pk: FEEDING_PARTITION, sk: this.reader };
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { Item } = await whileTransient(REQUEST_ATTEMPTS, () =>
        client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true })),
      );
      const before = (Item?.feeding ?? {}) as Entries;
      const after = merged(before, entries, { names, now });
      if (Item && isDeepStrictEqual(before, after)) return;
      const revision = Number(Item?.[ROW.revision] ?? 0);
      const put = { TableName: table, Item: { ...Key, feeding: after, [ROW.revision]: revision + 1 } };
      try {
        await whileTransient(REQUEST_ATTEMPTS, () =>
          client.send(new PutCommand({ ...put, ...isUnchangedSince(revision) })),
        );
        return;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
    throw new Error(`the record of what is fed was changed by others ${TRIES} times in a row`);
  }
}

/** What is said of generations after code ran that feeds those that `entries` says, and has the projections in `names`. */
function merged(
  before: Entries,
  entries: Readonly<Record<string, boolean>>,
  { names, now }: { readonly names: ReadonlySet<string>; readonly now: string },
): Entries {
  const isOfOthers = (entry: string) => !(entry in entries) && !names.has(entry.split("@")[0] ?? "");
  const others = Object.entries(before).filter(([entry]) => isOfOthers(entry));
  return Object.fromEntries([
    ...others.map(([entry, feeding]) => [entry, toldAs(false, feeding, now)] as const),
    ...Object.entries(entries).map(([entry, isFed]) => [entry, toldAs(isFed, before[entry], now)] as const),
  ]);
}

/** A generation without a record yet begins without a gap, if it is fed. */
function toldAs(isFed: boolean, before: Feeding | undefined, now: string): Feeding {
  if (before?.isFed === isFed) return before;
  return before || !isFed ? { isFed, gap: now } : { isFed };
}

/** Whether a generation is fed; of one without a record, no batch has come since it was made. */
export async function readFeeding(
  { client, name: table }: ReadModelTable,
  generation: GenerationKey,
): Promise<Feeding> {
  const command = new QueryCommand({
    TableName: table,
    KeyConditionExpression: "#pk = :pk",
    ExpressionAttributeNames: { "#pk": ROW.pk },
    ExpressionAttributeValues: { ":pk": FEEDING_PARTITION },
    ConsistentRead: true,
  });
  const { Items = [] } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  const told = Items.flatMap(({ feeding }) => (feeding as Entries)[entryOf(generation)] ?? []);
  const gaps = told.flatMap(({ gap }) => gap ?? []).sort();
  const gap = gaps.at(-1);
  return { isFed: told.length === 0 || told.some(({ isFed }) => isFed), ...(gap === undefined ? {} : { gap }) };
}

type Entries = Readonly<Record<string, Feeding>>;

const entryOf = ({ name, number: generation }: GenerationKey): string => `${name}@${generation}`;
