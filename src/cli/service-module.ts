import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceDefinition } from "../definition/index.ts";
import { EventTypeRegistry, messageOf } from "../event-store/index.ts";
import { bundle } from "./bundle.ts";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";
import { suggestion } from "./nearest.ts";

/**
 * The declaration of the service: of `--service FILE#EXPORT`, or of `"streamfold": { "service": "FILE#EXPORT" }` in the
 * nearest package.json.
 *
 * @throws {UsageError}
 */
export async function loadService({ folder }: Io, given: string | undefined): Promise<ServiceDefinition> {
  const { file, name, from } = given === undefined ? findReference(folder) : splitReference(folder, given, "--service");
  if (!existsSync(file)) throw new UsageError(`${from}: there is no file ${file}`);
  const module = await importModule(file).catch((error: unknown) => {
    throw new UsageError(`${from}: ${file} could not be loaded: ${messageOf(error)}`);
  });
  const found = module[name];
  if (isService(found)) return adopted(found);
  const services = Object.keys(module).filter((one) => isService(module[one]));
  const got = found === undefined ? `has no export ${name}` : `exports ${name}, which defineService did not make`;
  throw new UsageError(`${from}: ${file} ${got}${suggestion(name, services) || exportsText(services)}`);
}

interface Reference {
  readonly file: string;
  readonly name: string;
  /** Where it was said. */
  readonly from: string;
}

function findReference(folder: string): Reference {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, "package.json");
    const service = existsSync(manifest) ? readReference(manifest) : undefined;
    if (service !== undefined) return splitReference(at, service, manifest);
    if (dirname(at) === at) break;
  }
  throw new UsageError(
    `which service? Put "streamfold": { "service": "src/service.ts#myService" } into package.json, or pass --service FILE#EXPORT`,
  );
}

function readReference(manifest: string): string | undefined {
  const { streamfold } = JSON.parse(readFileSync(manifest, "utf8")) as { streamfold?: { service?: unknown } };
  const service = streamfold?.service;
  if (service !== undefined && typeof service !== "string")
    throw new UsageError(`${manifest}: streamfold.service: expected FILE#EXPORT, got ${JSON.stringify(service)}`);
  return service;
}

function splitReference(folder: string, text: string, from: string): Reference {
  const at = text.lastIndexOf("#");
  if (at < 1 || at === text.length - 1) throw new UsageError(`${from}: expected FILE#EXPORT, got ${text}`);
  const path = text.slice(0, at);
  return { file: isAbsolute(path) ? path : resolve(folder, path), name: text.slice(at + 1), from };
}

/** Run from its own sources, the command line is under a loader of TypeScript already. */
async function importModule(file: string): Promise<Record<string, unknown>> {
  const isLoadable = import.meta.url.endsWith(".ts") || !/\.[cm]?tsx?$/.test(file);
  return (await import(pathToFileURL(isLoadable ? file : await bundle(file)).href)) as Record<string, unknown>;
}

function isService(value: unknown): value is ServiceDefinition {
  const fields = ["name", "aggregates", "projections", "publicEvents", "eventTypes", "commandRoutes"];
  return typeof value === "object" && value !== null && fields.every((field) => field in value);
}

/** With a registry of this copy of the library: the service may have been declared with another one. */
const adopted = (service: ServiceDefinition): ServiceDefinition => ({
  ...service,
  eventTypes: new EventTypeRegistry({}, Object.values(service.aggregates)),
});

const exportsText = (services: readonly string[]): string =>
  services.length === 0 ? "" : `; it exports the service ${services.join(", ")}`;
