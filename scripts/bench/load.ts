import { handleCommand, load, StateCache } from "../../src/aggregate/index.ts";
import type { PayloadEncoding } from "../../src/event-store/dynamodb/index.ts";
import { type CounterState, counter, payload } from "./counter.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import { requestCounter } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { ENCODINGS, fillEntity, openTables, WHO } from "./our-store.ts";
import { measuredRows, type Section, STREAM_OFF } from "./report.ts";

const EVENTS = 1_000;
const SNAPSHOT_AT = 900;

/** Loads of an entity of 1,000 events: by payload encoding and by what is known of it before. */
export async function measureLoads(pace: Pace): Promise<Measured[]> {
  const engine = await benchEngine();
  try {
    const sides: Side[] = [];
    for (const encoding of ENCODINGS) sides.push(...(await loadSides(engine, encoding)));
    return await measure(sides, { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    await engine.stop();
  }
}

async function loadSides(engine: BenchEngine, encoding: PayloadEncoding): Promise<Side[]> {
  const openStore = await openTables(engine, `Load-${encoding}`, encoding);
  const client = engine.connect("fast");
  const takeRequests = requestCounter(client);
  const [bare, snapped] = [`bare-${encoding}`, `snapped-${encoding}`];
  await fillEntity(openStore(client), bare, { events: EVENTS });
  await fillEntity(openStore(client), snapped, { events: EVENTS, snapshotAt: SNAPSHOT_AT });
  const cold = async (entityId: string) => checkCount((await load(openStore(client), counter, entityId)).state);
  const warm = { store: openStore(client), cache: new StateCache<CounterState>(10) };
  const cached = async () => checkCount((await handleCommand(warm, counter, noChange(snapped))).state);
  const side = (name: string, operate: () => Promise<void>): Side => ({
    name: `${name}: ${encoding}`,
    operate,
    takeRequests,
  });
  return [
    side("no snapshot", () => cold(bare)),
    side("snapshot at 900, cold", () => cold(snapped)),
    side("cached", cached),
  ];
}

/** A command that stores nothing: `handleCommand` answers it with the cached state and one strong read of what came after. */
const noChange = (entityId: string) => ({
  entityId,
  command: { type: "Add", data: payload(0) } as const,
  now: new Date().toISOString(),
  ...WHO,
});

function checkCount({ count }: CounterState): void {
  if (count !== EVENTS) throw new Error(`loaded ${count} of ${EVENTS} events`);
}

export async function benchLoad({ rounds }: BenchOptions): Promise<Section[]> {
  return [
    {
      title: "load: an entity of 1,000 events of 1,000 bytes of JSON",
      rows: measuredRows(await measureLoads({ rounds })),
      notes: [
        "cached: a command that changes nothing, on a state in the cache; one strong read shows that nothing came after.",
        STREAM_OFF,
      ],
    },
  ];
}
