import { computed, signal } from "@preact/signals";
import type { Costs } from "./contract.ts";
import { onLive } from "./live.ts";

/** Requests since the run's start, as the stream tells them. Only a local run counts them. */
export const costs = signal<Costs | undefined>(undefined);

interface Spent {
  readonly time: number;
  readonly dollars: number;
}

const history = signal<readonly Spent[]>([]);
const clock = signal(Date.now());

export function startCosts(): void {
  onLive("costs", (told) => {
    const time = Date.now();
    costs.value = told;
    clock.value = time;
    const recent = history.peek().filter((spent, index, all) => (all[index + 1] ?? spent).time > time - RATE_MS);
    history.value = [...recent, { time, dollars: spentOn(told) }];
  });
  setInterval(() => {
    if (!document.hidden && (history.peek().at(-1)?.time ?? 0) > Date.now() - 2 * RATE_MS) clock.value = Date.now();
  }, TICK_MS);
}

export type Part = "reads" | "writes" | "events" | "invocations";

/** US dollars since the start, by what they are paid for. */
export function partsOf({ operations, invocations, published, prices }: Costs): Record<Part, number> {
  const sum = (of: (one: Costs["operations"][number]) => number) =>
    operations.reduce((total, one) => total + of(one), 0);
  const invoked = Object.values(invocations).reduce((total, times) => total + times, 0);
  return {
    reads: sum(({ readUnits }) => readUnits) * prices.readUnit,
    writes: sum(({ writeUnits }) => writeUnits) * prices.writeUnit,
    events: published * prices.busEvent,
    invocations: invoked * prices.invocation,
  };
}

export const spentOn = (told: Costs): number => Object.values(partsOf(told)).reduce((sum, part) => sum + part, 0);

/** Dollars a month, as in the last minute; undefined before the page has watched long enough. */
export const monthlyNow = computed(() => {
  const spent = history.value;
  const last = spent.at(-1);
  const from = spent.findLast(({ time }) => time <= clock.value - RATE_MS) ?? spent[0];
  if (!last || !from) return undefined;
  const watched = clock.value - from.time;
  if (watched < SHORTEST_MS) return undefined;
  return ((last.dollars - from.dollars) / watched) * MONTH_MS;
});

/** Dollars a month, as on average since the start. */
export const monthlyOnAverage = computed(() => {
  const told = costs.value;
  if (!told) return undefined;
  const ran = clock.value - Date.parse(told.since);
  return ran < SHORTEST_MS ? undefined : (spentOn(told) / ran) * MONTH_MS;
});

const RATE_MS = 60_000;
const SHORTEST_MS = 5_000;
const TICK_MS = 2_000;
/** 730 hours. */
const MONTH_MS = 730 * 3_600_000;
