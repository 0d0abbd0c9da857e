import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Lambda from "serverless-offline/lambda";
import { serveConsole } from "./console-server.ts";
import { type Engine, endLeftEngine, startEngine } from "./engine.ts";
import type { Listening } from "./listen.ts";
import { type LocalRun, startLocalRun } from "./local-run.ts";
import { freePort } from "./ports.ts";
import { readServiceDefinition } from "./read-service.ts";
import type { ServerlessService } from "./service-definition.ts";

interface Serverless {
  readonly serviceDir: string;
  readonly service: ServerlessService & {
    readonly custom?: Record<string, unknown>;
    getAllFunctions(): string[];
    getFunction(key: string): { readonly handler: string };
  };
}

type Print = (line: string) => void;

const PREFERRED_PORTS = { api: 3000, lambda: 3002, engine: 8000, bus: 4010, console: 3001 } as const;

/** What the running service tells other programs about itself. */
export interface RunFile {
  readonly pid: number;
  readonly api: string;
  readonly engine: string;
  readonly bus: string;
  readonly lambda: string;
  readonly console: string;
  readonly indexShards: number;
}

/** A port from the environment (0: any that is free), else the usual one, else any. */
function choosePort(name: keyof typeof PREFERRED_PORTS): Promise<number> {
  const wanted = process.env[`STREAMFOLD_${name.toUpperCase()}_PORT`];
  return freePort(wanted === undefined ? PREFERRED_PORTS[name] : Number(wanted));
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};

/** A run that was refused must not take away what the other one says of itself. */
function isOwn(runFile: string): boolean {
  return existsSync(runFile) && (JSON.parse(readFileSync(runFile, "utf8")) as RunFile).pid === process.pid;
}

/** Two runs on one folder would fight for it. @throws when one is running */
function refuseSecondRun(runFile: string): void {
  if (!existsSync(runFile)) return;
  const { pid, api } = JSON.parse(readFileSync(runFile, "utf8")) as RunFile;
  const isRunning = pid !== process.pid && commandOf(pid).includes("serverless");
  if (isRunning)
    throw new Error(
      `the service is running already (process ${pid}, ${api}); stop it first, or set STREAMFOLD_DATA to another folder`,
    );
}

/** Keys for the SDK, which signs requests that nobody here checks. */
function pretendCredentials(region: string): void {
  process.env.AWS_ACCESS_KEY_ID ??= "local";
  process.env.AWS_SECRET_ACCESS_KEY ??= "local";
  process.env.AWS_REGION ??= region;
}

async function waitForApi(url: string): Promise<void> {
  for (let look = 0; look < 300; look += 1) {
    const answered = await fetch(`${url}/openapi.json`).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer`);
}

/** The whole service on one machine, beside serverless-offline, which answers HTTP and runs schedules. */
export class OfflineService {
  readonly #serverless: Serverless;
  readonly #print: Print;
  readonly #folder: string;
  readonly #runFile: string;
  #engine: Engine | undefined;
  #run: LocalRun | undefined;
  #lambda: Lambda | undefined;
  #console: Listening | undefined;
  #isStopping = false;

  constructor(serverless: Serverless, print: Print) {
    this.#serverless = serverless;
    this.#print = print;
    this.#folder = resolve(serverless.serviceDir, process.env.STREAMFOLD_DATA ?? ".streamfold");
    this.#runFile = join(this.#folder, "run.json");
  }

  async start(): Promise<void> {
    refuseSecondRun(this.#runFile);
    if (await endLeftEngine(this.#folder)) this.#print("ended the engine that a killed run had left");
    if (process.env.STREAMFOLD_FRESH === "true") rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    const { service } = this.#serverless;
    const definition = readServiceDefinition(service);
    pretendCredentials(definition.region);
    const ports = {
      api: await choosePort("api"),
      lambda: await choosePort("lambda"),
      bus: await choosePort("bus"),
      console: await choosePort("console"),
    };
    const engineEndpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? (await this.#startEngine());
    const api = `http://127.0.0.1:${ports.api}`;
    const busEndpoint = `http://127.0.0.1:${ports.bus}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB: engineEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: process.env.AWS_ENDPOINT_URL_DYNAMODB_STREAMS ?? engineEndpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: busEndpoint,
    });
    const lambdaUrl = `http://127.0.0.1:${ports.lambda}`;
    this.#configureOffline(ports);
    this.#lambda = this.#createLambda();
    this.#run = await startLocalRun({
      definition,
      invoke: this.#invoke,
      engineEndpoint,
      folder: this.#folder,
      busPort: ports.bus,
      log: this.#print,
    });
    this.#run.failed.catch((error: unknown) =>
      this.#end(`the local run failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    this.#console = await serveConsole(join(this.#serverless.serviceDir, "src", "console"), api, ports.console);
    const consoleUrl = this.#console.endpoint;
    this.#guard();
    const file: RunFile = {
      pid: process.pid,
      api,
      engine: engineEndpoint,
      bus: busEndpoint,
      lambda: lambdaUrl,
      console: consoleUrl,
      indexShards: Number(definition.environment.INDEX_SHARDS),
    };
    void waitForApi(api).then(
      () => this.#announce(file),
      (error: unknown) => this.#end(String(error)),
    );
  }

  async #startEngine(): Promise<string> {
    const engine = await startEngine({ folder: this.#folder, port: await choosePort("engine") });
    this.#engine = engine;
    void engine.died.then((reason) => this.#end(reason));
    return engine.endpoint;
  }

  /** The options of serverless-offline that the local run decides. */
  #configureOffline(ports: { readonly api: number; readonly lambda: number }): void {
    const service = this.#serverless.service as { custom?: Record<string, unknown>; provider: Record<string, unknown> };
    const options = { host: "127.0.0.1", httpPort: ports.api, lambdaPort: ports.lambda, noAuth: true, noSponsor: true };
    service.custom = { ...service.custom, "serverless-offline": options };
    const { environment } = this.#serverless.service.provider;
    service.provider.environment = {
      ...environment,
      TRUST_USER_HEADER: "true",
      PATHS_ENCODED: "true",
      POWERTOOLS_METRICS_DISABLED: "true",
    };
  }

  #createLambda(): Lambda {
    const { service } = this.#serverless;
    const options = { host: "127.0.0.1", terminateIdleLambdaTime: 3_600, reloadHandler: false };
    const lambda = new Lambda(this.#serverless, options);
    lambda.create(
      service
        .getAllFunctions()
        .map((functionKey) => ({ functionKey, functionDefinition: service.getFunction(functionKey) })),
    );
    return lambda;
  }

  #invoke = async (functionKey: string, event: unknown): Promise<unknown> => {
    const instance = this.#lambda?.get(functionKey);
    if (!instance) throw new Error(`there is no function ${functionKey}`);
    instance.setEvent(event);
    return instance.runHandler();
  };

  /** A handler that throws outside of its promise must not take the service with it. */
  #guard(): void {
    process.on("uncaughtException", (error) => this.#print(`a handler died: ${error.message}`));
    process.on("unhandledRejection", (reason) =>
      this.#print(`a promise was left rejected: ${reason instanceof Error ? reason.message : String(reason)}`),
    );
  }

  #announce(file: RunFile): void {
    writeFileSync(this.#runFile, JSON.stringify(file, null, 2));
    this.#print(`API      ${file.api}  (OpenAPI: ${file.api}/openapi.json)`);
    this.#print(`console  ${file.console}`);
    this.#print(`bus      ${file.bus}  (AWS_ENDPOINT_URL_EVENTBRIDGE)`);
    this.#print(`engine   ${file.engine}  (AWS_ENDPOINT_URL_DYNAMODB)`);
    this.#print(`data     ${this.#folder}`);
    this.#print("ready");
  }

  #end(reason: string): void {
    if (this.#isStopping) return;
    this.#print(`${reason}; the service ends`);
    void this.stop().finally(() => process.exit(1));
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (isOwn(this.#runFile)) rmSync(this.#runFile);
    await this.#console?.stop();
    await this.#run?.stop();
    await this.#lambda?.cleanup();
    await this.#engine?.stop();
  }
}
