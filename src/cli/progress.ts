import type { Io } from "./io.ts";

export interface ProgressOptions {
  /** What is counted: `events`. */
  readonly unit: string;
  /** How many there are in all, as far as that is known. */
  readonly total?: number | undefined;
}

/** How far long work is, on standard error. */
export interface Progress {
  tell(done: number, note?: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

/**
 * On a terminal one line that is written over, otherwise a line every few seconds; with `--json` the same as JSON. What was
 * done before the first call, by an earlier run, does not count for the rate.
 */
export function createProgress(io: Io, isJson: boolean, { unit, total }: ProgressOptions): Progress {
  const startedAt = io.clock().getTime();
  let first: { readonly done: number; readonly at: number } | undefined;
  let toldAt = startedAt;
  let last: string | undefined;

  function stateAt(done: number, now: number): State {
    const seconds = first ? (now - first.at) / 1_000 : 0;
    const perSecond = first && seconds > 0 ? (done - first.done) / seconds : undefined;
    const known = total !== undefined && total >= done ? total : undefined;
    const secondsLeft = known !== undefined && perSecond ? Math.round((known - done) / perSecond) : undefined;
    return { done, total: known, unit, perSecond: perSecond && Math.round(perSecond), secondsLeft };
  }

  return {
    tell(done, note) {
      const now = io.clock().getTime();
      first ??= { done, at: now };
      const state = { ...stateAt(done, now), note };
      last = isJson ? JSON.stringify({ progress: state }) : textOf(state);
      const isOverwritten = io.isTerminal && !isJson;
      if (now - toldAt < (isOverwritten ? OVERWRITE_MS : LINE_MS)) return;
      toldAt = now;
      io.tell(isOverwritten ? `\r${CLEAR}${last}` : `${last}\n`);
    },
    end() {
      if (io.isTerminal && !isJson && last !== undefined) io.tell(`\r${CLEAR}${last}\n`);
    },
  };
}

/** Milliseconds between two states of the line on a terminal, and between two lines elsewhere. */
const OVERWRITE_MS = 100;
const LINE_MS = 5_000;
/** To the end of the line. */
const CLEAR = "\u001b[K";

interface State {
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
  readonly perSecond: number | undefined;
  readonly secondsLeft: number | undefined;
  readonly note?: string | undefined;
}

function textOf({ done, total, unit, perSecond, secondsLeft, note }: State): string {
  const parts = [
    total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`,
    perSecond === undefined ? undefined : `${perSecond}/s`,
    secondsLeft === undefined ? undefined : `${timeText(secondsLeft)} left`,
    note,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function timeText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
