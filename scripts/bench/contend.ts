import { payload } from "./counter.ts";
import { benchEngine } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { BenchStoreKind } from "./peers/bench-store.ts";
import { naive } from "./peers/naive.ts";
import { ours } from "./peers/ours.ts";
import { type Section, STREAM_OFF } from "./report.ts";
import { round } from "./statistics.ts";

export const WRITERS = 16;
const COMMANDS = 320;

/**
 * Writers with stores of their own, as processes have, that all send their commands to one entity, a new one each round.
 *
 * @param onLost told of commands that were answered and are not in the entity
 */
export async function contendSide(
  kind: BenchStoreKind,
  { commands, onLost }: { readonly commands: number; readonly onLost: OnLost },
): Promise<Side> {
  const stores = await Promise.all(Array.from({ length: WRITERS }, () => kind.open()));
  let rounds = 0;
  let answered = 0;
  const entityId = () => `contended-${rounds}`;
  return {
    name: kind.name,
    concurrency: WRITERS,
    operations: commands,
    prepare: async () => {
      rounds += 1;
      answered = 0;
    },
    operate: async (worker) => {
      await stores[worker]?.command(entityId(), payload());
      answered += 1;
    },
    takeRequests: () => stores.reduce((sum, store) => sum + store.takeRequests(), 0),
    verify: async () => {
      const stored = await stores[0]?.load(entityId());
      if (stored !== answered) onLost(answered - (stored ?? 0), answered);
    },
  };
}

export type OnLost = (lost: number, answered: number) => void;

export async function measureContention(pace: Pace, commands = COMMANDS): Promise<Measured[]> {
  const engine = await benchEngine();
  try {
    const kinds = [
      await ours(engine, "Contend-ours-map", "map"),
      await ours(engine, "Contend-ours-json", "json"),
      await naive(engine, "Contend-naive-map", "map"),
    ];
    const sides: Side[] = [];
    for (const kind of kinds) {
      const onLost: OnLost = (lost, answered) => {
        throw new Error(`${kind.name}: ${lost} of ${answered} commands are not stored`);
      };
      sides.push(await contendSide(kind, { commands, onLost }));
    }
    return await measure(sides, { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    await engine.stop();
  }
}

export async function benchContend({ rounds }: BenchOptions): Promise<Section[]> {
  const measured = await measureContention({ rounds });
  return [
    {
      title: `contend: ${WRITERS} writers with stores of their own, one entity, ${COMMANDS} commands a round; nothing was lost`,
      rows: measured.map(({ side, opsPerSecond, min, max, p50Ms, p99Ms, requestsPerOp = Number.NaN, ...cpu }) => ({
        side,
        commandsPerSecond: round(opsPerSecond),
        min: round(min),
        max: round(max),
        p50Ms: round(p50Ms),
        p99Ms: round(p99Ms),
        p99ByP50: round(p99Ms / p50Ms),
        requestsOfAllCommands: Math.round(requestsPerOp * COMMANDS),
        clientMicrosPerOp: round(cpu.clientMicrosPerOp),
        engineMicrosPerOp: cpu.engineMicrosPerOp === undefined ? undefined : round(cpu.engineMicrosPerOp),
      })),
      notes: [
        "Ours decides on the entity's state, kept in each writer's cache; naive reads the last event only.",
        STREAM_OFF,
      ],
    },
  ];
}
