import { describe, expect, test } from "@jest/globals";
import { type Checkpoints, createLagProbes } from "../../../src/stream/index.ts";

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
  async function* readKeysByType(_type: string, { fromTime = "", limit = Infinity, direction = "forward" } = {}) {
    const within = keys.filter(({ eventTime }) => eventTime >= fromTime);
    const ordered = direction === "backward" ? within.reverse() : within;
    for (const key of ordered.slice(0, limit)) {
      read += 1;
      yield key;
    }
  }
  return { store: { readKeysByType }, keys, reads: () => read };
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const waitingIn = (store: ReturnType<typeof storeOf>["store"], checkpoint: (entityId: string) => number | undefined) =>
  createLagProbes(store, () => new Date(NOW)).lag(
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

  test.each([30, 301, 450, 600, 3_500, 10_000])("that stopped %d seconds ago under load is found", async (seconds) => {
    const { store, keys, reads } = storeOf(range(150_000).map((n) => n / 12));
    const stoppedAt = new Date(NOW - seconds * SECOND).toISOString();
    const taken = new Map(keys.map(({ entityId, eventTime }) => [entityId, eventTime < stoppedAt ? 1 : 0]));
    const { oldestWaitingSeconds } = await waitingIn(store, (id) => taken.get(id));
    expect(Math.abs(oldestWaitingSeconds - seconds)).toBeLessThanOrEqual(Math.max(1, seconds / 100));
    expect(reads()).toBeLessThan(2_000);
  });

  test.each([
    [10_000, 40, 38],
    [100_000, 25, 15],
    [50_000, 715, 655],
  ])("that lies in the midst of a burst of %d events, %d to %d minutes ago, is found", async (count, from, to) => {
    const { store, keys, reads } = storeOf(range(count).map((n) => 60 * (from - ((from - to) * n) / count)));
    const half = new Set(keys.slice(0, count / 2).map(({ entityId }) => entityId));
    const { oldestWaitingSeconds } = await waitingIn(store, (id) => (half.has(id) ? 1 : 0));
    const expected = 30 * (from + to);
    expect(Math.abs(oldestWaitingSeconds - expected)).toBeLessThanOrEqual(expected / 100 + 1);
    expect(reads()).toBeLessThan(2_500);
  });

  test("that passed by a stretch an hour ago and went on is found by what it left there", async () => {
    const { store, keys } = storeOf(range(80_000).map((n) => n / 10));
    const left = (eventTime: string) => Math.abs(NOW - Date.parse(eventTime) - 3_590 * SECOND) < 30 * SECOND;
    const taken = new Map(keys.map(({ entityId, eventTime }) => [entityId, left(eventTime) ? 0 : 1]));
    const { oldestWaitingSeconds } = await waitingIn(store, (id) => taken.get(id));
    expect(oldestWaitingSeconds).toBeGreaterThan(3_550);
    expect(oldestWaitingSeconds).toBeLessThan(3_660);
  });

  test("does not wait for what is parked", async () => {
    const { store } = storeOf([10, 20]);
    expect(await waitingIn(store, () => undefined)).toMatchObject({ eventsBehind: 0, oldestWaitingSeconds: 0 });
  });

  test("several readers of one look are told the same", async () => {
    const { store, keys } = storeOf(range(100_000).map((n) => n / 10));
    const newest = new Set(keys.slice(-40, -10).map(({ entityId }) => entityId));
    const probes = createLagProbes(store, () => new Date(NOW));
    const checkpointsOf = async (ids: readonly string[]): Promise<Checkpoints> =>
      new Map(ids.map((id) => [id, newest.has(id) ? 0 : 1]));
    const answers = await Promise.all(range(4).map(() => probes.lag(["Thing"], checkpointsOf)));
    expect(answers.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds)).toEqual(
      Array(4).fill(answers[0]?.oldestWaitingSeconds),
    );
    expect(answers[0]?.oldestWaitingSeconds).toBe(4);
  });

  test("keys are read once for several readers", async () => {
    const { store, reads } = storeOf(range(20));
    const probes = createLagProbes(store, () => new Date(NOW));
    const checkpointsOf = async (ids: readonly string[]): Promise<Checkpoints> => new Map(ids.map((id) => [id, 1]));
    await Promise.all(range(4).map(() => probes.lag(["Thing"], checkpointsOf)));
    expect(reads()).toBe(20);
  });
});
