import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import Lambda from "serverless-offline/lambda";
import { messageOf } from "../event-store/index.ts";
import { serveConsole } from "./console-server.ts";
import { countApiRequests } from "./count-api-requests.ts";
import { type Engine, endLeftEngine, startEngine } from "./engine.ts";
import { portBehindGate, serveEngineGate } from "./engine-gate.ts";
import type { Listening } from "./listen.ts";
import { checkEndpoints, pretendCredentials } from "./local-environment.ts";
import { type LocalRun, startLocalRun } from "./local-run.ts";
import { guardAllServers } from "./loopback-only.ts";
import { choosePorts } from "./ports.ts";
import { readServiceDefinition } from "./read-service.ts";
import { RequestLog } from "./request-log.ts";
import { isRunning, type RunFile, readRunFile, runFileOf } from "./run-file.ts";
import type { ServerlessService } from "./service-definition.ts";
import { DamagedFileError, writeWhole } from "./state-file.ts";

/** The page is built beside this file. */
const CONSOLE_FOLDER = fileURLToPath(new URL("../console", import.meta.url));

/** Functions run in threads of this process. */
const REQUEST_CHANNEL = `streamfold-requests-${process.pid}`;

/** The whole service on one machine, beside serverless-offline, which answers HTTP and runs schedules. */
export class OfflineService {
  readonly #serverless: Serverless;
  readonly #print: Print;
  readonly #isVerbose = process.env.STREAMFOLD_VERBOSE === "true";
  readonly #folder: string;
  #engine: Engine | undefined;
  #run: LocalRun | undefined;
  #lambda: Lambda | undefined;
  #console: Listening | undefined;
  #gate: Listening | undefined;
  #isStopping = false;
  /** Only then is the run file this run's: one that was refused must not take away another's. */
  #isAnnounced = false;

  constructor(serverless: Serverless, print: Print) {
    this.#serverless = serverless;
    this.#print = print;
    this.#folder = resolve(serverless.serviceDir, process.env.STREAMFOLD_DATA ?? ".streamfold");
  }

  async start(): Promise<void> {
    this.#guard();
    checkEndpoints();
    await this.#takeFolder(process.env.STREAMFOLD_FRESH === "true");
    const { service } = this.#serverless;
    const definition = readServiceDefinition(service);
    pretendCredentials(definition.region);
    const ports = await choosePorts(process.env);
    const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    const engineEndpoint = given ?? (await this.#startEngine(ports.engine));
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
      engineFile: this.#engine?.file,
      folder: this.#folder,
      busPort: ports.bus,
      requestChannel: REQUEST_CHANNEL,
      functionKeys: new Map(Object.entries(service.functions).map(([key, { name = key }]) => [name, key])),
      log: this.#print,
      trace: this.#isVerbose ? this.#print : () => undefined,
    });
    this.#run.failed.catch((error: unknown) => this.#end(`the local run failed: ${messageOf(error)}`));
    this.#console = await serveConsole({ folder: CONSOLE_FOLDER, api, port: ports.console, run: this.#run });
    const consoleUrl = this.#console.endpoint;
    const file: RunFile = {
      pid: process.pid,
      api,
      engine: this.#gate?.endpoint ?? engineEndpoint,
      bus: busEndpoint,
      lambda: lambdaUrl,
      console: consoleUrl,
      prefix: String(definition.environment.EVENT_BUS),
      indexShards: Number(definition.environment.INDEX_SHARDS),
    };
    void waitForApi(api).then(
      () => this.#announce(file),
      (error: unknown) => this.#end(String(error)),
    );
  }

  /** @throws when somebody else runs on it, and for a damaged file, which a fresh start does without */
  async #takeFolder(isFresh: boolean): Promise<void> {
    const orNothing = (error: unknown): false => {
      if (isFresh && error instanceof DamagedFileError) return false;
      throw error;
    };
    await refuseSecondRun(this.#folder).catch(orNothing);
    if (await endLeftEngine(this.#folder).catch(orNothing)) this.#print("ended the engine that a killed run had left");
    if (isFresh) rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  async #startEngine(port: number): Promise<string> {
    const start = async () => startEngine({ folder: this.#folder, port: await portBehindGate(), log: this.#print });
    // Another run that starts just now may have taken the port after the look at it.
    const engine = await start().catch((error: Error) => {
      if (error.message.includes("already in use")) return start();
      throw error;
    });
    this.#engine = engine;
    void engine.died.then((reason) => this.#end(reason));
    this.#gate = await serveEngineGate(engine, port);
    return engine.endpoint;
  }

  /** The options of serverless-offline that the local run decides. */
  #configureOffline(ports: { readonly api: number; readonly lambda: number }): void {
    const service = this.#serverless.service as { custom?: Record<string, unknown>; provider: Record<string, unknown> };
    const options = {
      host: "127.0.0.1",
      httpPort: ports.api,
      lambdaPort: ports.lambda,
      corsDisallowCredentials: true,
      noAuth: true,
      noSponsor: true,
    };
    service.custom = { ...service.custom, "serverless-offline": options };
    const { environment } = this.#serverless.service.provider;
    service.provider.environment = {
      ...environment,
      TRUST_USER_HEADER: "true",
      PATHS_ENCODED: "true",
      REPORT_REQUESTS: REQUEST_CHANNEL,
      POWERTOOLS_METRICS_DISABLED: "true",
      POWERTOOLS_LOG_LEVEL: this.#isVerbose ? "INFO" : "WARN",
    };
    if (!this.#isVerbose) this.#quietApi();
  }

  /** What the API refuses is in its answer, and a command has its line. */
  #quietApi(): void {
    for (const definition of Object.values(this.#serverless.service.functions))
      if (definition.events?.some((event) => "httpApi" in event))
        definition.environment = { ...definition.environment, POWERTOOLS_LOG_LEVEL: "ERROR" };
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

  /**
   * Nothing that a request brings may end the service: foreign ones are refused, and an error outside of
   * every promise is told. The framework would end the process on one.
   */
  #guard(): void {
    guardAllServers();
    // Nobody reads what it prints any more. Told as an uncaught error, that would be the next thing to print, without end.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => this.#end("its output was closed"));
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => this.#print(`uncaught error: ${error.message}`));
    process.on("unhandledRejection", (reason) => this.#print(`a promise was left rejected: ${messageOf(reason)}`));
  }

  #announce(file: RunFile): void {
    this.#isAnnounced = true;
    writeWhole(runFileOf(this.#folder), JSON.stringify(file, null, 2));
    this.#print(`API      ${file.api}  (OpenAPI: ${file.api}/openapi.json)`);
    this.#print(`console  ${file.console}`);
    this.#print(`bus      ${file.bus}  (AWS_ENDPOINT_URL_EVENTBRIDGE)`);
    this.#print(`engine   ${file.engine}  (AWS_ENDPOINT_URL_DYNAMODB)`);
    this.#print(`data     ${this.#folder}`);
    this.#print("ready");
    new RequestLog(this.#print, file).start();
    if (this.#run) countApiRequests(this.#run.live, file.api);
  }

  #end(reason: string): void {
    if (this.#isStopping) return;
    this.#print(`${reason}; the service ends`);
    void this.stop().finally(() => process.exit(1));
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (this.#isAnnounced) rmSync(runFileOf(this.#folder), { force: true });
    await this.#console?.stop();
    await this.#run?.stop();
    await this.#lambda?.cleanup();
    await this.#gate?.stop();
    await this.#engine?.stop();
  }
}

interface Serverless {
  readonly serviceDir: string;
  readonly service: ServerlessService & {
    readonly custom?: Record<string, unknown>;
    getAllFunctions(): string[];
    getFunction(key: string): { readonly handler: string };
  };
}

type Print = (line: string) => void;

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

/** Two runs on one folder would fight for it. @throws when one is running */
async function refuseSecondRun(folder: string): Promise<void> {
  const run = readRunFile(folder);
  if (run === undefined || run.pid === process.pid || !(await isRunning(run))) return;
  throw new Error(
    `the service is running already (process ${run.pid}, ${run.api}); stop it first, or set STREAMFOLD_DATA to another folder`,
  );
}
