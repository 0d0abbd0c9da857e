import type { PayloadEncoding } from "../../src/event-store/dynamodb/index.ts";
import { added, counter } from "./counter.ts";
import { type BenchEngine, benchEngine, CLIENT_KINDS, type ClientKind } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import { requestCounter } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { appendPlaces, ENCODINGS, openTables, WHO } from "./our-store.ts";
import { measuredRows, type Section, STREAM_OFF } from "./report.ts";

const WORKS = [
  { work: "1 event, 1 writer", events: 1, concurrency: 1 },
  { work: "1 event, 32 writers", events: 1, concurrency: 32 },
  { work: "10 events atomically, 1 writer", events: 10, concurrency: 1 },
] as const;

/** Appends with a known version: by payload encoding, by client and by what is appended. */
export async function measureAppends(pace: Pace): Promise<Measured[]> {
  const engine = await benchEngine();
  try {
    const sides: Side[] = [];
    for (const encoding of ENCODINGS)
      for (const kind of CLIENT_KINDS) sides.push(...(await appendSides(engine, encoding, kind)));
    return await measure(sides, { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    await engine.stop();
  }
}

async function appendSides(engine: BenchEngine, encoding: PayloadEncoding, kind: ClientKind): Promise<Side[]> {
  const openStore = await openTables(engine, `Append-${encoding}-${kind}`, encoding);
  return WORKS.map(({ work, events, concurrency }) => {
    const client = engine.connect(kind);
    const takeRequests = requestCounter(client);
    const store = openStore(client);
    const nextPlace = appendPlaces(work, events);
    return {
      name: `${work}: ${encoding}, ${kind} client`,
      concurrency,
      takeRequests,
      operate: (worker) => {
        const { entityId, version } = nextPlace(worker);
        const batch = Array.from({ length: events }, (_, n) => added(version + n + 1));
        const { aggregateType } = counter;
        return store.appendEvents({ aggregateType, entityId, events: batch, expectedVersion: version, ...WHO });
      },
    };
  });
}

export async function benchAppend({ rounds }: BenchOptions): Promise<Section[]> {
  return [
    {
      title: "append: events of 1,000 bytes of JSON, known version, both indexes",
      rows: measuredRows(await measureAppends({ rounds })),
      notes: [STREAM_OFF],
    },
  ];
}
