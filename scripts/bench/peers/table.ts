import type { Measured } from "../measure.ts";
import { measuredRows, type Section } from "../report.ts";
import { round } from "../statistics.ts";

/** The measurements of one work, a store each. */
export interface WorkMeasured {
  readonly work: string;
  readonly measured: readonly Measured[];
}

interface Presentation {
  /** Columns. */
  readonly stores: readonly string[];
  /** Those that are ours. */
  readonly ours: readonly string[];
  readonly notes: readonly string[];
}

/** Work by store, as rates and as requests, and then every number. */
export function peerSections(works: readonly WorkMeasured[], { stores, ours, notes }: Presentation): Section[] {
  const table = (cell: (measured: Measured) => string | number | undefined) => (work: WorkMeasured) =>
    Object.fromEntries(stores.map((store) => [store, cellOf(work, store, cell)]));
  const rates = table(({ opsPerSecond, p50Ms }) => `${round(opsPerSecond)} · ${round(p50Ms)}`);
  const requests = table(({ requestsPerOp }) => requestsPerOp && round(requestsPerOp));
  return [
    {
      title: "peers: operations a second · p50 milliseconds",
      rows: works.map((work) => ({ work: work.work, ...rates(work), ...ratios(work, ours) })),
      notes,
    },
    {
      title: "peers: requests an operation, failed ones too",
      rows: works.map((work) => ({ work: work.work, ...requests(work) })),
    },
    {
      title: "peers: every measurement",
      rows: works.flatMap(({ work, measured }) => measuredRows(measured).map((row) => ({ work, ...row }))),
    },
  ];
}

function cellOf<T>({ measured }: WorkMeasured, store: string, cell: (measured: Measured) => T): T | "–" {
  const found = measured.find(({ side }) => side === store);
  return found ? cell(found) : "–";
}

/** Our rates by that of the fastest other store. */
function ratios({ measured }: WorkMeasured, ours: readonly string[]): Record<string, string | number> {
  const others = measured.filter(({ side }) => !ours.includes(side));
  const [best] = others.sort((a, b) => b.opsPerSecond - a.opsPerSecond);
  if (!best) return {};
  const ratio = (name: string) => {
    const own = measured.find(({ side }) => side === name);
    return own ? round(own.opsPerSecond / best.opsPerSecond) : "–";
  };
  return { "best peer": best.side, ...Object.fromEntries(ours.map((name) => [`${name} / best`, ratio(name)])) };
}
