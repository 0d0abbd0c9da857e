import type { BuildResult, Metafile } from "esbuild";

export const handlers: readonly string[];
export function buildHandlers(): Promise<Metafile>;
export function buildLocal(): Promise<BuildResult>;
export function buildLibrary(): Promise<void>;
