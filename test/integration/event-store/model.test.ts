import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { AppendRequest, StoredEvent } from "../../../src/event-store/index.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { type Fault, injectFaults, ProcessDeath } from "../../support/faults.ts";
import { openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const FAULTS: readonly Fault[] = [
  "lost-request",
  "lost-reply",
  "throttle",
  "transaction-conflict",
  "death-before",
  "death-after",
];
const RUNS = Number(process.env.MODEL_RUNS ?? 500);
/** Programs that run side by side, each on entities of its own. */
const AT_ONCE = 5;
const ENTITIES = 3;
const WRITERS = 3;

/** What one writer does. `expected`: distance from the head that it believes in, or none. */
interface Step {
  readonly kind: "one" | "several" | "many" | "read";
  readonly writer: number;
  readonly entity: number;
  readonly count: number;
  readonly expected: number | undefined;
  /** Steps of one key on one entity are the same command. */
  readonly key: number | undefined;
  /** By request of the step. */
  readonly faults: readonly (Fault | undefined)[];
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("one", "one", "several", "many", "read"),
  writer: fc.nat(WRITERS - 1),
  entity: fc.nat(ENTITIES - 1),
  count: fc.integer({ min: 2, max: 4 }),
  expected: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.integer({ min: -2, max: 2 }) },
  ),
  key: fc.option(fc.nat(1), { nil: undefined, freq: 4 }),
  faults: fc.array(fc.option(fc.constantFrom(...FAULTS), { nil: undefined, freq: 2 }), { maxLength: 4 }),
});
/** Steps of one round run at the same time, each by another writer. */
const program = fc.array(fc.uniqueArray(step, { minLength: 1, maxLength: WRITERS, selector: ({ writer }) => writer }), {
  minLength: 3,
  maxLength: 8,
});

type Outcome = "stored" | "repeated" | "conflict" | "unknown";
interface Attempt {
  readonly id: string;
  readonly parts: readonly { readonly entity: number; readonly count: number; readonly version?: number }[];
  readonly outcome: Outcome;
}

class Writer {
  #store: DynamoDBEventStore;
  #faults: (Fault | undefined)[] = [];

  constructor() {
    this.#store = this.#open();
  }

  #open(): DynamoDBEventStore {
    const client = engine.connect({ maxAttempts: 1 });
    injectFaults(client, () => this.#faults.shift());
    return openStore(engine, { requestAttempts: 6 }, client);
  }

  /** After a death it is another process, which knows nothing. */
  async run<T>(faults: Step["faults"], act: (store: DynamoDBEventStore) => Promise<T>): Promise<T> {
    this.#faults = [...faults];
    try {
      return await act(this.#store);
    } catch (error) {
      if (error instanceof ProcessDeath) this.#store = this.#open();
      throw error;
    } finally {
      this.#faults = [];
    }
  }
}

/** One run of a program, with what the writers were told. */
class Run {
  readonly #prefix: string;
  readonly #writers = Array.from({ length: WRITERS }, () => new Writer());
  readonly #heads = Array.from({ length: ENTITIES }, () => 0);
  readonly attempts: Attempt[] = [];
  #ids = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  entityId(entity: number): string {
    return `${this.#prefix}-${entity}`;
  }

  async events(entity: number): Promise<StoredEvent[]> {
    return openStore(engine, {}, engine.client).getEvents(this.entityId(entity));
  }

  #request(id: string, { expected, key, kind }: Step, entity: number, count: number): AppendRequest {
    const head = this.#heads[entity] ?? 0;
    return {
      aggregateType: "Model",
      entityId: this.entityId(entity),
      events: Array.from({ length: count }, (_, index) => ({ eventType: "Done", eventData: { id, index } })),
      userId: "ann",
      correlationId: "c-1",
      expectedVersion: kind === "many" ? head : expected === undefined ? undefined : Math.max(0, head + expected),
      command: key === undefined || kind === "many" ? undefined : { id },
    };
  }

  #identify({ key, kind, entity, count }: Step): string {
    this.#ids += 1;
    return key === undefined || kind === "many" ? `id-${this.#ids}` : `key-${entity}-${kind}-${count}-${key}`;
  }

  async #append(store: DynamoDBEventStore, step: Step, requests: readonly AppendRequest[]) {
    if (step.kind === "many") return store.appendToMany(requests as never);
    const [request] = requests;
    return request ? [await store.appendEvents(request)] : [];
  }

  async #attempt(step: Step, isAlone: boolean): Promise<void> {
    const id = this.#identify(step);
    const entities = step.kind === "many" ? [step.entity, (step.entity + 1) % ENTITIES] : [step.entity];
    const count = step.kind === "one" ? 1 : step.count;
    const requests = entities.map((entity) => this.#request(id, step, entity, count));
    const parts = entities.map((entity) => ({ entity, count }));
    try {
      const appended = await this.#writers[step.writer]!.run(step.faults, (store) =>
        this.#append(store, step, requests),
      );
      const outcome = appended.some(({ repeated }) => repeated) ? "repeated" : "stored";
      this.attempts.push({ id, outcome, parts: parts.map((part, n) => ({ ...part, version: appended[n]!.version })) });
      if (isAlone && outcome === "stored")
        this.#expectExact(
          requests,
          appended.map(({ version }) => version - count),
        );
    } catch (error) {
      const isConflict = error instanceof Error && "code" in error && error.code === "CONCURRENCY";
      const isLost =
        error instanceof ProcessDeath ||
        (error instanceof Error &&
          /Throttling|Timeout|Conflict|Canceled|hang up/.test(`${error.name} ${error.message}`));
      if (!isConflict && !isLost) throw error;
      this.attempts.push({ id, outcome: isConflict ? "conflict" : "unknown", parts });
      if (isAlone && isConflict) this.#expectStale(requests);
    }
  }

  /** Alone, an append stands exactly at the version it expected, or at the head. */
  #expectExact(requests: readonly AppendRequest[], bases: readonly number[]): void {
    for (const [index, { expectedVersion, entityId }] of requests.entries()) {
      const head = this.#heads[Number(entityId.split("-").at(-1))];
      expect({ entityId, base: bases[index] }).toEqual({ entityId, base: expectedVersion ?? head });
      expect(bases[index]).toBe(head);
    }
  }

  /** Alone, an append conflicts only when it did not expect the head. */
  #expectStale(requests: readonly AppendRequest[]): void {
    const stale = requests.filter(
      ({ expectedVersion, entityId }) => expectedVersion !== this.#heads[Number(entityId.split("-").at(-1))],
    );
    expect(stale.length).toBeGreaterThan(0);
  }

  async #read({ writer, entity, faults }: Step): Promise<void> {
    const read = this.#writers[writer]!.run(faults, (store) => store.getEvents(this.entityId(entity)));
    const events = await read.catch(() => undefined);
    if (events) expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(events.map((_, n) => n + 1));
  }

  async round(steps: readonly Step[]): Promise<void> {
    const isAlone = steps.length === 1;
    await Promise.all(steps.map((one) => (one.kind === "read" ? this.#read(one) : this.#attempt(one, isAlone))));
    for (let entity = 0; entity < ENTITIES; entity += 1) this.#heads[entity] = (await this.events(entity)).length;
  }

  /** Everything that was promised, against what the table holds. */
  async check(): Promise<void> {
    const stored = await Promise.all(Array.from({ length: ENTITIES }, (_, entity) => this.events(entity)));
    const idOf = (event: StoredEvent) => String(event.eventData.id);
    const placesOf = (id: string, entity: number) =>
      stored[entity]!.filter((event) => idOf(event) === id).map(({ sequenceNumber }) => sequenceNumber);
    for (const events of stored)
      expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(events.map((_, n) => n + 1));
    const byId = new Map<string, Attempt[]>();
    for (const attempt of this.attempts) byId.set(attempt.id, [...(byId.get(attempt.id) ?? []), attempt]);
    for (const [id, attempts] of byId) {
      const acknowledged = attempts.filter(({ outcome }) => outcome === "stored" || outcome === "repeated");
      const parts = attempts[0]!.parts;
      const places = parts.map(({ entity }) => placesOf(id, entity));
      for (const { parts: told } of acknowledged) {
        for (const [index, { version = 0, count }] of told.entries()) {
          expect({ id, places: places[index] }).toEqual({
            id,
            places: Array.from({ length: count }, (_, n) => version - count + 1 + n),
          });
        }
      }
      if (attempts.every(({ outcome }) => outcome === "conflict"))
        expect({ id, places: places.flat() }).toEqual({ id, places: [] });
      const whole = parts.every(({ count }, index) => places[index]!.length === count);
      const none = places.every((list) => list.length === 0);
      expect({ id, isWholeOrNone: whole || none }).toEqual({ id, isWholeOrNone: true });
      expect(attempts.filter(({ outcome }) => outcome === "stored").length).toBeLessThanOrEqual(1);
    }
    const known = new Set(byId.keys());
    expect(stored.flat().filter((event) => !known.has(idOf(event)))).toEqual([]);
  }
}

test(`${RUNS} random programs of several writers under random faults end as the sequential model says`, async () => {
  let runs = 0;
  const outcomes: Record<Outcome, number> = { stored: 0, repeated: 0, conflict: 0, unknown: 0 };
  async function runProgram(rounds: readonly Step[][]): Promise<void> {
    runs += 1;
    const run = new Run(`model-${runs}`);
    for (const round of rounds) await run.round(round);
    await run.check();
    for (const { outcome } of run.attempts) outcomes[outcome] += 1;
  }
  const programs = fc.array(program, { minLength: AT_ONCE, maxLength: AT_ONCE });
  const property = fc.asyncProperty(programs, async (all) => void (await Promise.all(all.map(runProgram))));
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  console.log(`model test: seed ${seed} (MODEL_SEED=${seed} repeats it)`);
  await fc.assert(property, { numRuns: RUNS / AT_ONCE, seed, endOnFailure: false });
  console.log(`model test: ${JSON.stringify(outcomes)}`);
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
}, 600_000);
