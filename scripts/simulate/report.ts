import type { Outcome, Place } from "./model.ts";
import { type Setting, simulate } from "./simulate.ts";

/** Which knob moves it. */
export const KNOB_OF: Readonly<Record<Place, string>> = {
  "API throttle": "throttleRate, throttleBurst",
  entity: "none: make the entity smaller, or append its events together",
  "EventTypeIndex partition": "indexShards",
  "UserActionIndex partition": "indexShards, or a user of its own for each importer",
  "table partition": "warm throughput before a launch; it grows with the load",
  "table quota": "the quota of write units a table",
  projector: "parallelizationFactor",
  "list partition": "a finer partition in the projection's list",
  publisher: "parallelizationFactor",
  "PutEvents quota": "the quota of PutEvents, or another region",
  "invocations quota": "the quota of invocations, or fewer rules an event",
  "Lambda concurrency": "the quota of concurrent executions",
};

export interface ReportRow {
  readonly "events/s": number;
  readonly taken: number;
  readonly "busiest index partition, WCU/s": number;
  readonly shards: number;
  readonly concurrency: number;
  readonly "read models behind": string;
  readonly "bus behind": string;
  readonly "held up by": string;
}

const seconds = (behind: number): string => (behind < 1 ? "under 1 s" : `${Math.round(behind)} s`);

function rowOf({ offered, taken, busiest, shards, concurrency, ...outcome }: Outcome): ReportRow {
  return {
    "events/s": offered,
    taken: Math.round(taken),
    "busiest index partition, WCU/s": Math.round(Math.max(busiest.typePartition, busiest.userPartition)),
    shards,
    concurrency: Math.ceil(concurrency),
    "read models behind": seconds(outcome.readModelsBehind),
    "bus behind": seconds(outcome.busBehind + outcome.deliveriesBehind),
    "held up by": outcome.limits.join(", ") || "nothing",
  };
}

export const RATES = [100, 500, 1_000, 2_000, 5_000, 10_000, 20_000];

export interface Chapter {
  readonly title: string;
  readonly rows: readonly ReportRow[];
}

const chapter = (title: string, setting: Setting, rates: readonly number[] = RATES): Chapter => ({
  title,
  rows: rates.map((rate) => rowOf(simulate({ ...setting, workload: { ...setting.workload, rate } }))),
});

/** The same loads with one knob after another turned, each chapter with those of the chapters before. */
function allChapters({ workload = {}, assumptions = {} }: Setting): Chapter[] {
  const base = { workload, assumptions };
  const open = { throttleRate: 100_000 };
  const sharded = { ...open, indexShards: 20 };
  const parallel = { ...sharded, parallelizationFactor: 10 };
  const raised = { ...parallel, putEvents: 10_000, invocations: 18_750 };
  return [
    chapter("as deployed", base),
    chapter("+ throttleRate raised", { ...base, knobs: open }),
    chapter("+ indexShards=20", { ...base, knobs: sharded }),
    chapter("+ parallelizationFactor=10", { ...base, knobs: parallel }),
    chapter("+ quotas of the bus as in us-east-1, events that do not move in a list of all", {
      ...base,
      assumptions: { ...assumptions, listUnits: 0.05 },
      knobs: raised,
    }),
    chapter(
      "+ throttleRate, indexShards, parallelizationFactor, on a table that was made today",
      { ...base, knobs: { ...raised, partitions: 4 } },
      [1_000, 2_000, 5_000, 10_000],
    ),
  ];
}

/** With a knob or a rate given, that one setting; without, one knob after another. */
export function chapters(setting: Setting): Chapter[] {
  const { rate } = setting.workload ?? {};
  const turned = Object.entries(setting.knobs ?? {}).map(([name, value]) => `${name}=${value}`);
  if (turned.length === 0 && rate === undefined) return allChapters(setting);
  return [chapter(turned.join(", ") || "as deployed", setting, rate === undefined ? RATES : [rate])];
}
