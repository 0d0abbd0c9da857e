import { messageOf } from "../../src/event-store/index.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { measure, type Pace, type Side } from "./measure.ts";
import { requestCounter } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import type { BenchStoreKind, PeerModule } from "./peers/bench-store.ts";
import { installPeer } from "./peers/install.ts";
import { naive } from "./peers/naive.ts";
import { ours } from "./peers/ours.ts";
import { peerSections, type WorkMeasured } from "./peers/table.ts";
import { WORKS, type Work } from "./peers/work.ts";
import { type Section, STREAM_OFF } from "./report.ts";

/** Each is a file in `peers/`. */
const PEERS = ["castore", "event-store-adapter-js", "dynamodb-event-store", "equinox-js"];

/** Our store, the naive one and the peers on one engine, work by work. */
export async function benchPeers({ rounds }: BenchOptions): Promise<Section[]> {
  const engine = await benchEngine();
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  try {
    const own = [await ours(engine, "Peers-ours-map", "map"), await ours(engine, "Peers-ours-json", "json")];
    const others = [await naive(engine, "Peers-naive-map", "map"), await naive(engine, "Peers-naive-json", "json")];
    for (const name of PEERS)
      await noteFailure(name, note, async () => {
        others.push(await openPeer(engine, name));
      });
    const kinds = [...own, ...others];
    const pace = { rounds, engineCpuMicros: engine.cpuMicros };
    const works: WorkMeasured[] = [];
    for (const work of WORKS) works.push(await measureWork(work, kinds, { pace, note }));
    return peerSections(works, {
      stores: kinds.map(({ name }) => name),
      ours: own.map(({ name }) => name),
      notes: [...kinds.flatMap((kind) => kind.notes ?? []), STREAM_OFF, ...notes],
    });
  } finally {
    await engine.stop();
  }
}

async function openPeer(engine: BenchEngine, name: string): Promise<BenchStoreKind> {
  const peer = (await import(new URL(`peers/${name}.mjs`, import.meta.url).href)) as PeerModule;
  const require = await installPeer(peer);
  for (const table of peer.tables) await engine.createTable(table);
  return { ...peer, open: () => peer.open(require, engine.clientConfig, requestCounter) };
}

async function measureWork(
  work: Work,
  kinds: readonly BenchStoreKind[],
  { pace, note }: { readonly pace: Pace; readonly note: (line: string) => void },
): Promise<WorkMeasured> {
  const sides: Side[] = [];
  for (const kind of kinds)
    await noteFailure(`${kind.name}, ${work.name}`, note, async () => {
      const side = await work.sideOf(kind, note);
      if (side) sides.push(side);
    });
  const onFailure = ({ name }: Side, error: unknown) => note(failed(`${name}, ${work.name}`, error));
  return { work: work.name, measured: await measure(sides, { ...pace, onFailure }) };
}

async function noteFailure(name: string, note: (line: string) => void, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    note(failed(name, error));
  }
}

const failed = (name: string, error: unknown): string => `${name} failed: ${messageOf(error).split("\n")[0]}`;
