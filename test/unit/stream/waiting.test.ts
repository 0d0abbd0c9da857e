import { describe, expect, test } from "@jest/globals";
import { type Checkpoints, createProbes } from "../../../src/stream/index.ts";

const NOW = Date.UTC(2026, 0, 2);
const SECOND = 1_000;

interface Key {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventTime: string;
  readonly cursor: string;
}

/** A store with one event an entity, stored so many seconds ago each, and a count of what is read of it. */
function storeOf(secondsAgo: readonly number[]) {
  const keys: Key[] = [...secondsAgo]
    .sort((a, b) => b - a)
    .map((seconds, n) => ({
      entityId: `e-${n}`,
      sequenceNumber: 1,
      eventTime: new Date(NOW - seconds * SECOND).toISOString(),
      cursor: "",
    }));
  let read = 0;
  async function* readKeysByType(_type: string, { fromTime = "", limit = Infinity } = {}) {
    for (const key of keys.filter(({ eventTime }) => eventTime >= fromTime).slice(0, limit)) {
      read += 1;
      yield key;
    }
  }
  return { store: { readKeysByType }, keys, reads: () => read };
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const waitingIn = (store: ReturnType<typeof storeOf>["store"], checkpoint: (entityId: string) => number | undefined) =>
  createProbes(store, () => new Date(NOW)).waiting(
    ["Thing"],
    async (ids): Promise<Checkpoints> => new Map(ids.map((id) => [id, checkpoint(id)])),
  );

describe("a reader of the events", () => {
  test("that has everything is behind by nothing", async () => {
    const { store } = storeOf(range(5_000).map((n) => n / 10));
    expect(await waitingIn(store, () => 1)).toEqual({ eventsBehind: 0, isFloor: false, oldestWaitingSeconds: 0 });
  });

  test("is behind by the oldest of few events, wherever it lies in the day", async () => {
    const { store } = storeOf([4, 700, 7_200, 50_000, 80_000]);
    expect(await waitingIn(store, (id) => (id === "e-2" ? 0 : 1))).toEqual({
      eventsBehind: 1,
      isFloor: false,
      oldestWaitingSeconds: 7_200,
    });
  });

  test.each([1, 5, 50])("that never ran under %d events a second is behind by an hour of them", async (rate) => {
    const { store, reads } = storeOf(range(3_600 * rate).map((n) => n / rate));
    const { isFloor, oldestWaitingSeconds } = await waitingIn(store, () => 0);
    expect(oldestWaitingSeconds).toBeGreaterThan(3_590);
    expect(isFloor).toBe(true);
    expect(reads()).toBeLessThan(1_200);
  });

  test("that stopped ten minutes ago under load is found, and what is read does not grow", async () => {
    const { store, keys, reads } = storeOf(range(100_000).map((n) => n / 50));
    const stoppedAt = new Date(NOW - 600 * SECOND).toISOString();
    const taken = new Map(keys.map(({ entityId, eventTime }) => [entityId, eventTime < stoppedAt ? 1 : 0]));
    const { oldestWaitingSeconds } = await waitingIn(store, (id) => taken.get(id));
    expect(oldestWaitingSeconds).toBeGreaterThanOrEqual(590);
    expect(oldestWaitingSeconds).toBeLessThanOrEqual(600);
    expect(reads()).toBeLessThan(1_700);
  });

  test("does not wait for what is parked", async () => {
    const { store } = storeOf([10, 20]);
    expect(await waitingIn(store, () => undefined)).toMatchObject({ eventsBehind: 0, oldestWaitingSeconds: 0 });
  });

  test("keys are read once for several readers", async () => {
    const { store, reads } = storeOf(range(20));
    const probes = createProbes(store, () => new Date(NOW));
    const checkpointsOf = async (ids: readonly string[]): Promise<Checkpoints> => new Map(ids.map((id) => [id, 1]));
    await Promise.all(range(4).map(() => probes.waiting(["Thing"], checkpointsOf)));
    expect(reads()).toBe(20);
  });
});
