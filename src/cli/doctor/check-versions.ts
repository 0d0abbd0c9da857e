import { existsSync, readFileSync } from "node:fs";
import { versionOf } from "../../definition/index.ts";
import { messageOf } from "../../event-store/index.ts";
import { readReaders } from "../../operations/index.ts";
import { type Check, type Finding, fail, ok, warn } from "./finding.ts";

/** Node, this package, the service, and the projections of this code against the generations that are served. */
export const checkVersions: Check = async ({ service, connection }) => {
  const { name, aggregates, projections } = service;
  const types = Object.values(aggregates).map(({ aggregateType }) => aggregateType);
  return [
    checkNode(process.versions.node),
    ok("streamfold", packageVersion()),
    ok("service", `${name}: ${types.join(", ")}; ${projections.length} projections`),
    ...(await readReaders(connection).then(
      ({ projections: all }) =>
        all.map((one) => checkGeneration(one, versionOf(projections.find((p) => p.name === one.projection) ?? {}))),
      (error: unknown) => [fail("projections", `how far they are could not be read: ${messageOf(error)}`)],
    )),
  ];
};

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isTaken = major > 20 || (major === 20 && minor >= 19);
  return isTaken ? ok("node", version) : fail("node", `${version}; expected 20.19 or later`);
}

/** Of the nearest package.json, which is this package's, from the sources as from the build. */
function packageVersion(): string {
  for (let at = new URL(".", import.meta.url); at.pathname !== "/"; at = new URL("..", at)) {
    const manifest = new URL("package.json", at);
    if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
  }
  return "unknown";
}

interface Status {
  readonly projection: string;
  readonly servingGeneration: number | null;
  readonly generations: readonly { readonly generation: number; readonly version: number; readonly status: string }[];
  readonly parked: number;
}

function checkGeneration({ projection, servingGeneration, generations, parked }: Status, version: number): Finding {
  const check = `projection ${projection}`;
  const serving = generations.find(({ generation }) => generation === servingGeneration);
  if (!serving) return ok(check, `version ${version}; nothing is built yet`);
  if (serving.version !== version)
    return warn(
      check,
      `version ${serving.version} is served and this code has ${version}: streamfold rebuild ${projection}`,
    );
  if (parked > 0) return warn(check, `${parked} entities are parked: streamfold parked list ${projection}`);
  return ok(check, `version ${version}, generation ${serving.generation} is served`);
}
