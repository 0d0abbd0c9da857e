import { handleCommand, load, StateCache } from "../../../src/aggregate/index.ts";
import type { PayloadEncoding } from "../../../src/event-store/dynamodb/index.ts";
import { isConcurrencyError } from "../../../src/event-store/index.ts";
import { makeSnapshot } from "../../../src/snapshotter/index.ts";
import { type CounterState, counter, type Payload } from "../counter.ts";
import type { BenchEngine } from "../engine.ts";
import { requestCounter } from "../meter.ts";
import { openTables, WHO } from "../our-store.ts";
import type { BenchStore, BenchStoreKind } from "./bench-store.ts";

/** Our store with the fast client, on tables of this prefix. */
export async function ours(engine: BenchEngine, prefix: string, encoding: PayloadEncoding): Promise<BenchStoreKind> {
  const openStore = await openTables(engine, prefix, encoding);
  const open = async (): Promise<BenchStore> => {
    const client = engine.connect("fast");
    const takeRequests = requestCounter(client);
    const store = openStore(client);
    const cache = new StateCache<CounterState>(1_000);
    const { aggregateType } = counter;
    const append = (entityId: string, version: number, payloads: readonly Payload[]) =>
      store.appendEvents({
        aggregateType,
        entityId,
        events: payloads.map((eventData) => ({ eventType: "Added", eventData })),
        expectedVersion: version,
        ...WHO,
      });
    // A store of its own for each load: what another has read of the entity is not known to it.
    const loadCold = async (entityId: string) => (await load(openStore(client), counter, entityId)).state.count;
    return {
      append,
      load: loadCold,
      loadFromSnapshot: loadCold,
      appendWithSnapshot: async (entityId, version, payloads) => {
        await append(entityId, version, payloads);
        await makeSnapshot({ store, aggregates: [counter], clock: () => new Date() }, counter, entityId);
      },
      command: (entityId, data) =>
        untilDone(() =>
          handleCommand({ store, cache }, counter, {
            entityId,
            command: { type: "Add", data },
            now: new Date().toISOString(),
            ...WHO,
          }),
        ),
      takeRequests,
    };
  };
  return { name: `ours, ${encoding}`, appendsMany: true, open };
}

/** The command is sent again when its own attempts are used up, as its caller would. */
async function untilDone<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isConcurrencyError(error)) throw error;
    }
  }
}
