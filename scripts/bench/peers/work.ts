import { contendSide, WRITERS } from "../contend.ts";
import { payload } from "../counter.ts";
import type { Side } from "../measure.ts";
import { appendPlaces } from "../our-store.ts";
import type { BenchStore, BenchStoreKind } from "./bench-store.ts";

/** A kind of work that every store is measured at. */
export interface Work {
  readonly name: string;
  /** Undefined: the store cannot do it. @param note what the numbers do not say */
  sideOf(kind: BenchStoreKind, note: (line: string) => void): Promise<Side | undefined>;
}

const COMMANDS = 160;

export const WORKS: readonly Work[] = [
  appends("append 1, 1 writer", { events: 1, concurrency: 1 }),
  appends("append 1, 32 writers", { events: 1, concurrency: 32 }),
  appends("append 10 atomically", { events: 10, concurrency: 1 }),
  {
    name: "load 1,000",
    sideOf: async (kind) => {
      const store = await kind.open();
      await fill(store, "long");
      return loadSide(kind, store, () => store.load("long"));
    },
  },
  {
    name: "load 1,000, snapshot at 900",
    sideOf: async (kind) => {
      const store = await kind.open();
      const { loadFromSnapshot, appendWithSnapshot } = store;
      if (!loadFromSnapshot || !appendWithSnapshot) return undefined;
      await fill(store, "snapped", appendWithSnapshot);
      return loadSide(kind, store, () => loadFromSnapshot("snapped"));
    },
  },
  {
    name: `${WRITERS} writers, one entity`,
    sideOf: async (kind, note) => {
      const onLost = (lost: number, answered: number) =>
        note(`${kind.name}: ${lost} of ${answered} commands of ${WRITERS} writers were answered and are not stored`);
      return contendSide(kind, { commands: COMMANDS, onLost });
    },
  },
];

function appends(
  name: string,
  { events, concurrency }: { readonly events: number; readonly concurrency: number },
): Work {
  return {
    name,
    sideOf: async (kind) => {
      if (events > 1 && !kind.appendsMany) return undefined;
      const store = await kind.open();
      const nextPlace = appendPlaces(`append-${events}-${concurrency}`, events);
      const operate = (worker: number) => {
        const { entityId, version } = nextPlace(worker);
        return store.append(
          entityId,
          version,
          Array.from({ length: events }, () => payload()),
        );
      };
      return { name: kind.name, concurrency, operate, takeRequests: store.takeRequests };
    },
  };
}

const EVENTS = 1_000;
const SNAPSHOT_AT = 900;

/** Stores an entity's events one by one, the 900th together with a snapshot where that is asked for. */
async function fill(
  { append }: BenchStore,
  entityId: string,
  appendWithSnapshot?: BenchStore["appendWithSnapshot"],
): Promise<void> {
  for (let version = 0; version < EVENTS; version += 1) {
    if (appendWithSnapshot && version + 1 === SNAPSHOT_AT)
      await appendWithSnapshot(entityId, version, [payload()], SNAPSHOT_AT);
    else await append(entityId, version, [payload()]);
  }
}

const loadSide = ({ name }: BenchStoreKind, { takeRequests }: BenchStore, load: () => Promise<number>): Side => ({
  name,
  takeRequests,
  operate: async () => {
    const count = await load();
    if (count !== EVENTS) throw new Error(`loaded ${count} of ${EVENTS} events`);
  },
});
