import { isDeepStrictEqual } from "node:util";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import { withoutUndefined } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey, Generations } from "../generation.ts";
import { isUnchangedSince } from "./positions.ts";
import { controlKey, ROW } from "./read-model-keys.ts";

/** Milliseconds for which generations are taken as known, unless the caller says otherwise. */
export const GENERATIONS_MAX_AGE_MS = 2_000;

/**
 * Keeps what was read of the generations for a short while. A rebuild waits longer than that before
 * it reads the first event, so that no projector misses the new generation.
 */
export class GenerationsCache {
  readonly #table: ReadModelTable;
  readonly #clock: () => Date;
  readonly #known = new Map<string, { readonly until: number; readonly generations: Generations }>();

  constructor(
    table: ReadModelTable,
    clock: () => Date,
    readonly maxAgeMs: number,
    /** A reader of rows writes nothing: where no generations are stored yet, it assumes the first generation. */
    readonly access: "reads" | "projects" = "projects",
  ) {
    this.#table = table;
    this.#clock = clock;
  }

  async get(name: string, version: number): Promise<Generations> {
    const now = this.#clock();
    const known = this.#known.get(name);
    if (known && known.until > now.getTime()) return known.generations;
    const generations = await this.#find(name, version, now.toISOString());
    this.#known.set(name, { until: now.getTime() + this.maxAgeMs, generations });
    return generations;
  }

  async #find(name: string, version: number, now: string): Promise<Generations> {
    if (this.access === "projects") return findGenerations(this.#table, name, { version, now });
    return (await readGenerations(this.#table, name)) ?? firstGenerations(name, version, now);
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /**
   * For a while after another generation of the same version is served, an entity's row may still be newer in the
   * one before it: both are read then, so that no reader of single rows goes back.
   */
  alsoRead({ previous, serving, servedAt, all }: Generations): number | undefined {
    if (previous === undefined || servedAt === undefined) return undefined;
    const versions = [serving, previous].map((number) => all.find(({ generation }) => generation === number)?.version);
    const isRecent = this.#clock().getTime() - Date.parse(servedAt) < SETTLING_MS;
    return isRecent && versions[1] !== undefined && versions[0] === versions[1] ? previous : undefined;
  }
}

/** The generations of a projection; the first one is made when it is first asked for. */
export async function findGenerations(
  table: ReadModelTable,
  name: string,
  { version, now }: { readonly version: number; readonly now: string },
): Promise<Generations> {
  const found = await readGenerations(table, name);
  if (found) return found;
  await writeGenerations(table, firstGenerations(name, version, now));
  return findGenerations(table, name, { version, now });
}

const firstGenerations = (name: string, version: number, startedAt: string): Generations => ({
  name,
  serving: 1,
  all: [{ generation: 1, version, status: "ready", startedAt }],
  revision: 0,
});

/** One conditional write, recognised when its reply was lost: what was meant stands there. False when somebody else changed the generations first. */
export async function writeGenerations(
  { client, name: table }: ReadModelTable,
  { revision, ...meant }: Generations,
): Promise<boolean> {
  const generations = withoutUndefined(meant);
  const command = new PutCommand({
    TableName: table,
    Item: { ...controlKey(generations.name), generations, [ROW.revision]: revision + 1 },
    ...isUnchangedSince(revision),
  });
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const found = await readGenerations({ client, name: table }, generations.name);
    return isDeepStrictEqual(found, { ...generations, revision: revision + 1 });
  }
}

export async function readGenerations(
  { client, name: table }: ReadModelTable,
  name: string,
): Promise<Generations | undefined> {
  const command = new GetCommand({ TableName: table, Key: controlKey(name), ConsistentRead: true });
  const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return Item && ({ ...(Item.generations as object), revision: Number(Item[ROW.revision]) } as Generations);
}

/** Milliseconds in which a generation that was just served takes what its live feeding still tries to write. */
const SETTLING_MS = 60_000;

/** The generation that is served now, the first one before any is stored. Read as it stands, and nothing is written. */
export async function servingOf(table: ReadModelTable, { name }: { readonly name: string }): Promise<GenerationKey> {
  return { name, number: (await readGenerations(table, name))?.serving ?? 1 };
}
