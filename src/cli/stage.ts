import { resolve } from "node:path";
import { messageOf } from "../event-store/index.ts";
import { findRun } from "../local/run-file.ts";
import { UnreachableError, UsageError } from "./failure.ts";
import type { Io } from "./io.ts";
import { integerOf } from "./values.ts";

/** Where a service is: its names, and how its clients reach it. */
export interface Stage {
  /** What the names of the tables and of the bus begin with. */
  readonly prefix: string;
  readonly indexShards: number;
  /** Undefined on AWS: the SDK's usual variables. */
  readonly local: { readonly engine: string; readonly bus: string } | undefined;
}

/** The stage that is named, or that of TABLE_PREFIX, or the service that runs on this machine. */
export async function findStage(io: Io, service: string, stage: string | undefined): Promise<Stage> {
  const { TABLE_PREFIX, INDEX_SHARDS = "1" } = io.env;
  const prefix = stage === undefined ? TABLE_PREFIX : prefixOf(service, stage);
  if (prefix === undefined) return findLocal(io);
  const indexShards = integerOf("INDEX_SHARDS", { min: 1, max: 100 }, INDEX_SHARDS);
  return { prefix, indexShards, local: undefined };
}

/** As serverless.yml names a stage's tables. Undefined: the local run. */
function prefixOf(service: string, stage: string): string | undefined {
  if (!/^[A-Za-z0-9-]+$/.test(stage))
    throw new UsageError(`--stage: expected the name of a stage, such as dev, got ${stage}`);
  if (stage === "local") return undefined;
  return stage === "prod" ? service : `${service}-${stage}`;
}

async function findLocal({ env, folder }: Io): Promise<Stage> {
  const run = await findRun(resolve(folder, env.STREAMFOLD_DATA ?? ".streamfold")).catch((error: unknown) => {
    throw new UnreachableError(`${messageOf(error)}; for a stage on AWS: --stage NAME`);
  });
  const { prefix, indexShards, engine, bus } = run;
  return { prefix, indexShards, local: { engine, bus } };
}
