import type { BuildResult, Metafile } from "esbuild";

export const handlers: readonly string[];
export function buildHandlers(): Promise<Metafile>;
export function buildLocal(): Promise<BuildResult>;
/** Builds both, unless nothing has changed since they were built. */
export function buildForLocalRun(): Promise<void>;
