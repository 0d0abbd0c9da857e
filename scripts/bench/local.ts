import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { handleCommand } from "../../src/aggregate/index.ts";
import type { CommandOf } from "../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { startEngine } from "../../src/local/engine.ts";
import { startLocalRun } from "../../src/local/local-run.ts";
import { freePort } from "../../src/local/ports.ts";
import type { ServiceDefinition } from "../../src/local/service-definition.ts";
import { product } from "../../src/product/index.ts";
import { productService } from "../../src/product/service.ts";
import { resolveService } from "./engine.ts";
import type { Section } from "./report.ts";
import { median, round } from "./statistics.ts";
import { visibleSection } from "./visible.ts";

const aggregates = Object.values(productService.aggregates);

const CREATE: CommandOf<typeof product.commands> = {
  type: "CreateProduct",
  data: { name: "Tea", description: "", price: { amount: 1, currency: "USD" }, categoryId: null },
};

interface Local {
  /** Runs so many commands, each on a product of its own. Answers with the milliseconds each took. */
  run(count: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** The tables and stream readers of the local run, whose functions do nothing: what a command costs by itself. */
async function startLocal(definition: ServiceDefinition): Promise<Local> {
  const engine = await startEngine({ port: await freePort() });
  const run = await startLocalRun({
    definition,
    invoke: async () => ({ batchItemFailures: [] }),
    engineEndpoint: engine.endpoint,
    engineFile: engine.file,
    busPort: await freePort(),
    trimMs: 1_000,
    log: console.error,
  });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: engine.endpoint, region: definition.region, credentials });
  const { EVENTS_TABLE = "", SNAPSHOTS_TABLE = "" } = definition.environment;
  const store = new DynamoDBEventStore(client, EVENTS_TABLE, SNAPSHOTS_TABLE, { aggregates });
  let commands = 0;
  async function command(): Promise<number> {
    commands += 1;
    const begun = performance.now();
    await handleCommand({ store }, product, {
      entityId: `p-${commands}`,
      command: CREATE,
      userId: "ann",
      correlationId: "c-1",
      now: new Date().toISOString(),
    });
    return performance.now() - begun;
  }
  return {
    run: async (count) => {
      const times: number[] = [];
      for (let n = 0; n < count; n += 1) times.push(await command());
      return times;
    },
    stop: async () => {
      client.destroy();
      await run.stop();
      await engine.stop();
    },
  };
}

const ROUNDS = 10;
const A_ROUND = 50;

export interface LocalCost {
  /** Median milliseconds of a command after so many. */
  readonly early: number;
  readonly late: number;
  readonly ratio: number;
}

/** What a command costs after `few` and after `many`, of two local runs side by side. */
export async function measureLocal(few: number, many: number): Promise<LocalCost> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
  const definition = resolveService();
  const [fresh, full] = [await startLocal(definition), await startLocal(definition)];
  try {
    await fresh.run(few);
    await full.run(many);
    const early: number[] = [];
    const late: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      early.push(...(await fresh.run(A_ROUND)));
      late.push(...(await full.run(A_ROUND)));
    }
    return { early: median(early), late: median(late), ratio: median(late) / median(early) };
  } finally {
    await fresh.stop();
    await full.stop();
  }
}

export async function benchLocal(): Promise<Section[]> {
  const { early, late, ratio } = await measureLocal(200, 20_000);
  return [
    {
      title: "local run: median milliseconds of a command",
      rows: [
        { command: "after 200", medianMs: round(early) },
        { command: "after 20,000", medianMs: round(late) },
      ],
      notes: [`ratio ${ratio.toFixed(2)}, two runs side by side, ${ROUNDS} rounds of ${A_ROUND} commands each`],
    },
    await visibleSection(),
  ];
}
