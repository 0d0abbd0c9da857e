import { randomUUID } from "node:crypto";

/**
 * What the store reaches out for when its maker passes nothing: the only clock, random numbers and
 * ids outside the rim (docs/adr/0003-defaults-of-the-store.md).
 */
export const systemClock = (): Date => new Date();

export const randomId = (): string => randomUUID();
