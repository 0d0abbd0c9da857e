import type { Metafile } from "esbuild";

export interface BuildFolders {
  /** With a module for each function. Default: `src/functions`. */
  readonly functions?: string;
  /** For the bundles. Default: `dist`. */
  readonly build?: string;
}

export function buildFunctions(serviceDir: string, folders?: BuildFolders): Promise<Metafile>;
export function functionsIn(serviceDir: string, functions: string): readonly string[];
