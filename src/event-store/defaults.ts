import { randomUUID } from "node:crypto";

/**
 * Defaults when the caller passes none: the only clock, random numbers and
 * ids in the core (docs/adr/0003-defaults-of-the-store.md).
 */
export const systemClock = (): Date => new Date();

/** Milliseconds since the process began, which no correction of the clock moves. */
export const elapsedMs = (): number => performance.now();

/** From 0, below 1. */
export const randomFraction = (): number => Math.random();

export const randomId = (): string => randomUUID();
