import type { BuildResult } from "esbuild";

export const handlers: readonly string[];
export function buildHandlers(): Promise<BuildResult<{ metafile: true }>>;
export function buildLocal(): Promise<BuildResult>;
export function buildLibrary(): Promise<void>;
