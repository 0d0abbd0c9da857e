import * as z from "zod";

export type Config<Name extends keyof EntryPoints> = z.infer<EntryPoints[Name]>;

/**
 * The environment of one entry point, read once.
 *
 * @throws {ConfigError} naming everything that is missing or off
 */
export function readConfig<Name extends keyof EntryPoints>(
  entryPoint: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config<Name> {
  const result = entryPoints[entryPoint].safeParse(environment);
  if (result.success) return result.data as Config<Name>;
  const problems = result.error.issues.map(({ path, message }) => {
    const variable = path.map(String).join(".");
    const value = environment[variable];
    return value === undefined ? `${variable} is not set` : `${variable} is ${JSON.stringify(value)}: ${message}`;
  });
  throw new ConfigError(entryPoint, problems);
}

const name = z.string().min(1);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const count = z.coerce.number().int().min(1);

/** Which part of which identity says who the user is (docs/deploy.md). */
const userIdFrom = z.union([z.enum(["auto", "iam:identity", "iam:role", "iam:session"]), z.string().regex(/^jwt:.+$/)]);

const tables = {
  /** Default: the name of the service's definition. */
  SERVICE_NAME: name.optional(),
  EVENTS_TABLE: name,
  SNAPSHOTS_TABLE: name,
  READ_MODELS_TABLE: name,
  PAYLOAD_ENCODING: z.enum(["map", "json"]).default("map"),
  TRACING: z.enum(["on", "off"]).default("off"),
  INDEX_SHARDS: count.max(100).default(1),
  /** Set by the local run: where it is told of each request. */
  REPORT_REQUESTS: name.optional(),
  AWS_CLIENT: z.enum(["fast", "sdk"]).default("fast"),
};

/** What stands in an event on the bus, and in `/entities/{id}/published`. */
const publishing = { PUBLISH_USER_ID: flag.default(false) };

const publisher = {
  ...tables,
  EVENT_BUS: name,
  ...publishing,
  BUS_MAX_BYTES: count.default(1024 * 1024),
  SNAPSHOT_EVERY: count.optional(),
  PARK_AFTER: count.default(5),
};

/** Users and scopes, with commas between. */
const names = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter((one) => one !== ""));

/** What the gateway's requests are answered with. */
const gateway = {
  TRUST_USER_HEADER: flag.default(false),
  USER_ID_FROM: userIdFrom.default("auto"),
  PATHS_ENCODED: flag.default(false),
};

const entryPoints = {
  api: z.object({
    ...tables,
    ...publishing,
    ...gateway,
    CACHED_ENTITIES: count.default(1_000),
    READ_ALL: names,
  }),
  operations: z.object({ ...publisher, ...gateway, OPERATORS: names }),
  projector: z.object({ ...tables, PARK_AFTER: count.default(5) }),
  publisher: z.object(publisher),
  vitals: z.object(tables),
  snapshotter: z.object({ ...tables, EVENT_BUS: name, SNAPSHOTS_KEPT: count.default(3) }),
} as const;

type EntryPoints = typeof entryPoints;

/** An environment variable is missing or invalid; the message names every such variable. */
export class ConfigError extends Error {
  readonly code = "CONFIG";
  constructor(entryPoint: string, problems: readonly string[]) {
    super(`${entryPoint}: ${problems.join("; ")}`);
    this.name = "ConfigError";
  }
}
