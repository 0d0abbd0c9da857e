import { expect, test } from "@jest/globals";
import type { EventKey } from "../../../src/event-store/index.ts";
import { type EntityHead, type LagSweepPosition, sweepLag } from "../../../src/stream/index.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

interface Setup {
  /** Entities of each aggregate type, one event each, an hour apart. */
  readonly events: Readonly<Record<string, readonly string[]>>;
  readonly isBroken?: (entityId: string) => boolean;
}

/** A reader of the stream that has lost everything, in memory. */
function sweeper({ events, isBroken = () => false }: Setup) {
  const positions = new Map<string, LagSweepPosition>();
  const repaired: EntityHead[][] = [];
  let now = START;
  const store = {
    async *readKeysByType(type: string, { fromTime = "", toTime = "", cursor = "" }) {
      for (const [n, entityId] of (events[type] ?? []).entries()) {
        const eventTime = new Date(START - 48 * HOUR + n * HOUR).toISOString();
        if (eventTime >= fromTime && eventTime <= toTime && eventTime > cursor)
          yield { entityId, sequenceNumber: 1, eventTime, cursor: eventTime } as unknown as EventKey & {
            cursor: string;
          };
      }
    },
  };
  const sweep = (looks = Number.POSITIVE_INFINITY) => {
    let left = looks;
    now += HOUR;
    return sweepLag(
      {
        store: store as never,
        progress: {
          load: async (type) => positions.get(type),
          save: async (type, position) => void positions.set(type, position),
        },
        clock: () => new Date(now),
        isTimeUp: () => left <= 0,
        slice: 2,
        repair: async (heads) => {
          left -= 1;
          repaired.push([...heads]);
          const ids = heads.map(({ entityId }) => entityId);
          return { behind: ids, failed: ids.filter(isBroken) };
        },
      },
      Object.keys(events),
    );
  };
  return { sweep, repaired, positions };
}

test("an entity that fails again and again, and is met in every span, is kept once and repaired once a look", async () => {
  const last = Array.from({ length: 60 }, (_, n) => (n >= 46 ? "x" : `e-${n}`));
  const { sweep, repaired, positions } = sweeper({ events: { Product: last }, isBroken: (id) => id === "x" });
  for (let run = 0; run < 6; run += 1) await sweep();
  expect(positions.get("Product")?.failed).toEqual([{ entityId: "x", head: 1 }]);
  for (const heads of repaired) expect(new Set(heads.map(({ entityId }) => entityId)).size).toBe(heads.length);
});

test("a type whose history takes many calls does not keep the others waiting", async () => {
  const many = (type: string) => Array.from({ length: 40 }, (_, n) => `${type}-${n}`);
  const { sweep } = sweeper({ events: { Product: many("p"), Category: ["c-1"] } });
  const swept: string[] = [];
  for (let run = 0; run < 6; run += 1) swept.push(...(await sweep(3)).map(({ aggregateType }) => aggregateType));
  expect(swept.filter((type) => type === "Category").length).toBeGreaterThanOrEqual(3);
  expect(swept.filter((type) => type === "Product").length).toBeGreaterThanOrEqual(3);
});
