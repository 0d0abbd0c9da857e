import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { addressOf } from "./api.ts";
import type { BusState, ReadersStatus } from "./contract.ts";
import { healed, isLocal, onLive } from "./live.ts";
import { Resource } from "./resource.ts";
import { type Series, second, WINDOW_SECONDS } from "./samples.ts";

/** How far the readers of the events are, and what waits on the bus. */
export const readers = new Resource<ReadersStatus>(addressOf("api", "/operations/projections"));
export const bus = new Resource<BusState>(addressOf("local", "/bus"));

export const parkedCount = computed(() => {
  const status = readers.data.value;
  return status ? status.publisher.parked + status.projections.reduce((sum, { parked }) => sum + parked, 0) : 0;
});

export const deadLetterCount = computed(() =>
  (bus.data.value?.queues ?? []).filter(isOfDeadLetters).reduce((sum, { messages }) => sum + messages, 0),
);

export const isOfDeadLetters = ({ name, deadLettersOf }: BusState["queues"][number]): boolean =>
  deadLettersOf.length > 0 || name.includes("DeadLetters");

/** Asks when something has happened, and until everything is read; nothing else asks. */
export function startStatus(): void {
  onLive("appended", mayHaveChanged);
  onLive("samples", ({ samples }) => {
    if (samples.length > 0) mayHaveChanged();
  });
  effect(() => {
    healed.value;
    if (isLocal.value !== undefined) mayHaveChanged();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isStale) mayHaveChanged();
  });
}

let timer: ReturnType<typeof setTimeout> | undefined;
let isStale = false;
let pauseMs = 0;

/** Also after one's own actions. */
export function mayHaveChanged(): void {
  isStale = true;
  pauseMs = FIRST_PAUSE_MS;
  schedule(SOON_MS);
}

function schedule(milliseconds: number): void {
  if (document.hidden) return;
  if (timer === undefined) timer = setTimeout(ask, milliseconds);
}

async function ask(): Promise<void> {
  isStale = false;
  await Promise.all([readers.refresh(), isLocal.peek() ? bus.refresh() : undefined]);
  remember(readers.data.peek());
  timer = undefined;
  if (!isStale && !isBehind()) return;
  schedule(pauseMs);
  // What stays behind for long is asked after ever more rarely.
  pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
}

function isBehind(): boolean {
  const status = readers.data.peek();
  if (!status || readers.error.peek()) return false;
  const waiting = (bus.data.peek()?.queues ?? []).filter((queue) => !isOfDeadLetters(queue) && queue.messages > 0);
  const lags = [status.publisher, ...status.projections];
  return waiting.length > 0 || lags.some(({ eventsBehind }) => eventsBehind > 0);
}

const SOON_MS = 300;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 10_000;

interface Seen {
  readonly time: number;
  readonly behind: Readonly<Record<string, number>>;
}

const history = signal<readonly Seen[]>([]);

function remember(status: ReadersStatus | undefined): void {
  if (!status) return;
  const time = Date.now() / 1_000;
  const behind: Record<string, number> = { publisher: status.publisher.eventsBehind };
  for (const { projection, eventsBehind } of status.projections) behind[projection] = eventsBehind;
  const since = history.peek().findLastIndex((seen) => seen.time < time - WINDOW_SECONDS);
  history.value = [...history.peek().slice(Math.max(0, since)), { time, behind }];
}

/** Events behind in each second of the last minutes; null before it was first asked. */
export const lagOf = (wanted: (reader: string) => boolean): ReadonlySignal<Series> =>
  computed(() => {
    const points = history.value.map(({ time, behind }) => {
      const waiting = Object.entries(behind).flatMap(([reader, events]) => (wanted(reader) ? [events] : []));
      return { time, behind: Math.max(0, ...waiting) };
    });
    const last = second.value;
    const times = Array.from({ length: WINDOW_SECONDS }, (_, index) => last - WINDOW_SECONDS + 1 + index);
    let next = 0;
    const values = times.map((time) => {
      while (next < points.length && (points[next]?.time ?? 0) <= time + 1) next += 1;
      return points[next - 1]?.behind ?? null;
    });
    return { times, values };
  });
