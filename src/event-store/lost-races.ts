import { randomFraction } from "./defaults.ts";

/** Milliseconds to step back for after so many lost races in a row: exponential, with full jitter; none after the first. */
export const stepBackMs = (lost: number): number =>
  lost < 2 ? 0 : randomFraction() * Math.min(FIRST_PAUSE_MS * 2 ** (lost - 2), LONGEST_PAUSE_MS);

const FIRST_PAUSE_MS = 8;
const LONGEST_PAUSE_MS = 200;
