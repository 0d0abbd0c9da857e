import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Sample } from "./contract.ts";
import { onNewEvents } from "./event-log.ts";
import { isLocal, onLive } from "./live.ts";

/** What happened in each second of the last minutes. */
export interface Series {
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

export const WINDOW_SECONDS = 300;
/** Over which a rate is taken. */
const RATE_SECONDS = 10;

const bySecond = new Map<number, Sample>();
const lastSecond = signal(currentSecond());

/** The last whole second; it stands still while nothing happens in the window. */
export const second: ReadonlySignal<number> = lastSecond;

export function startSamples(): void {
  onLive("samples", ({ samples }) => {
    for (const sample of samples) bySecond.set(Math.floor(Date.parse(sample.time) / 1_000), sample);
    advance();
  });
  onNewEvents((events) => {
    if (isLocal.peek() === false) countAppended(events.map(({ eventTime }) => eventTime));
  });
  setInterval(() => {
    if (bySecond.size > 0 && !document.hidden) advance();
  }, 1_000);
}

/** Beside the API nobody counts by the second. */
function countAppended(times: readonly string[]): void {
  for (const time of times) {
    const second = Math.floor(Date.parse(time) / 1_000);
    const known = bySecond.get(second) ?? { time, appended: 0, published: 0, snapshots: 0, taken: {} };
    bySecond.set(second, { ...known, appended: known.appended + 1 });
  }
  advance();
}

function advance(): void {
  const second = currentSecond();
  for (const time of bySecond.keys()) if (time <= second - WINDOW_SECONDS) bySecond.delete(time);
  lastSecond.value = second;
  revision.value += 1;
}

const revision = signal(0);

/** What is counted: `appended`, or what a function has taken. */
export type Measure = (sample: Sample) => number;

export const appended: Measure = (sample) => sample.appended;
export const published: Measure = (sample) => sample.published;
export const snapshots: Measure = (sample) => sample.snapshots;
export const takenBy =
  (functionKey: string): Measure =>
  ({ taken }) =>
    taken[functionKey] ?? 0;
/** By whichever functions keep read models. */
export const projected: Measure = ({ taken }) =>
  Object.entries(taken).reduce((sum, [key, events]) => (key === "publisher" ? sum : sum + events), 0);

export const seriesOf = (measure: Measure): ReadonlySignal<Series> =>
  computed(() => {
    revision.value;
    const last = lastSecond.value;
    const times = Array.from({ length: WINDOW_SECONDS }, (_, index) => last - WINDOW_SECONDS + 1 + index);
    return { times, values: times.map((time) => valueAt(measure, time)) };
  });

export const rateOf = (measure: Measure): ReadonlySignal<number> =>
  computed(() => {
    const { values } = seriesOf(measure).value;
    return values.slice(-RATE_SECONDS).reduce<number>((sum, value) => sum + (value ?? 0), 0) / RATE_SECONDS;
  });

function valueAt(measure: Measure, time: number): number {
  const sample = bySecond.get(time);
  return sample ? measure(sample) : 0;
}

/** The last second that is over. */
function currentSecond(): number {
  return Math.floor(Date.now() / 1_000) - 1;
}
