import { readFileSync } from "node:fs";

type Versions = Readonly<Record<string, string>>;

export interface Manifest {
  readonly version: string;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly peerDependencies: Versions;
  readonly overrides: Versions;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

/** The package.json of this library, from its sources and from where it is built. */
export const ownManifest = (): Manifest =>
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Manifest;

/** The version of a package that this library is tested with. */
export function testedVersion(name: string): string {
  const { dependencies, devDependencies, peerDependencies } = ownManifest();
  const version = dependencies[name] ?? devDependencies[name] ?? peerDependencies[name];
  if (version === undefined) throw new Error(`package.json names no version of ${name}`);
  return version;
}
