import type { BuildResult, Metafile } from "esbuild";

export const root: string;
export const handlers: readonly string[];
export function buildHandlers(): Promise<Metafile>;
export function buildLocal(folder?: string): Promise<BuildResult>;
export function buildConsole(): Promise<void>;
/** Builds all of them, unless nothing has changed since they were built. */
export function buildForLocalRun(): Promise<void>;
