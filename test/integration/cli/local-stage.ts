import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalBus } from "../../../src/local/bus.ts";
import { serveBus } from "../../../src/local/bus-server.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";

/** An engine with tables, a bus, and the file by which a local run is found: what the command line sees of one. */
export interface LocalStage {
  readonly engine: TestEngine;
  readonly bus: LocalBus;
  readonly folder: string;
  /** For a command on the service that runs here. */
  readonly env: Readonly<Record<string, string>>;
  /** The same tables as a stage on AWS, by the SDK's variables. */
  readonly asAws: Readonly<Record<string, string>>;
  /** Of the bus, each `entity #number` once or as often as it came. */
  published(): string[];
  stop(): Promise<void>;
}

export async function startLocalStage(prefix = "ProductService"): Promise<LocalStage> {
  const stopping = new AbortController();
  const engine = await startTestEngine();
  const bus = new LocalBus({
    buses: [prefix],
    rules: [],
    region: "eu-central-1",
    newId: () => Math.random().toString(36).slice(2),
    clock: () => new Date(),
    backOff: async () => undefined,
    log: () => undefined,
    signal: stopping.signal,
    send: async () => undefined,
    deadLetter: () => undefined,
  });
  const server = await serveBus(bus, 0);
  const folder = mkdtempSync(join(tmpdir(), "streamfold-cli-"));
  mkdirSync(folder, { recursive: true });
  const run = { pid: process.pid, engine: engine.endpoint, bus: server.endpoint, prefix, indexShards: 1 };
  writeFileSync(join(folder, "run.json"), JSON.stringify(run));
  const aws = {
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: engine.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: server.endpoint,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: "eu-central-1",
  };
  return {
    engine,
    bus,
    folder,
    env: { STREAMFOLD_DATA: folder, USER: "ann" },
    asAws: { ...aws, TABLE_PREFIX: prefix, USER: "ann" },
    published: () =>
      bus.archive.flatMap(({ event }) => {
        const { entityId, sequenceNumber } = event.detail as { entityId?: string; sequenceNumber?: number };
        return sequenceNumber === undefined ? [] : [`${entityId} #${sequenceNumber}`];
      }),
    async stop() {
      stopping.abort();
      await server.stop();
      await engine.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
