import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import { type Config, readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { pause } from "../event-store/index.ts";
import { createApp, pathsOf, problem, type Query, READ_ALL_SCOPE, type RequestLine } from "../http/index.ts";
import { createRowReaders, readStatus } from "../projector/dynamodb/index.ts";
import { type ApiEvent, scopesOf, userIdOf } from "./identity.ts";
import { clock, createLogger, createStore, newId } from "./wiring.ts";

/** The function behind the HTTP API: the commands of the service, and the queries that are given. */
export function createApiHandler(service: ServiceDefinition, queries: readonly Query[] = []) {
  const config = readConfig("api");
  const logger = createLogger();
  const { store, table } = createStore(service, config);
  const app = createApp(service, queries, {
    store,
    rows: createRowReaders(table, { clock }),
    status: () => readStatus({ table, store, projections: service.projections, clock }),
    cachedEntities: config.CACHED_ENTITIES,
    clock,
    newId,
    ...identification(config),
    publishUserId: config.PUBLISH_USER_ID,
    log: (line) => logRequest(logger, line),
    pause,
  });
  const answer = handle(app);
  type Answer = Awaited<ReturnType<typeof answer>>;

  /** A request without a body where there may be none, its path as the routes expect it. */
  return async (event: ApiEvent, context: LambdaContext): Promise<Answer> => {
    const { requestContext, rawPath, body: given, ...request } = event;
    const { method } = requestContext.http;
    const { stage, domainName = "" } = requestContext;
    const isEncoded = config.PATHS_ENCODED || domainName.includes(".lambda-url.");
    const path = pathsOf(app).normalize(method, { path: rawPath, stage, isEncoded });
    // Some emulators send null.
    const body = given || undefined;
    if (body !== undefined && (method === "GET" || method === "HEAD")) return refuseBody(logger, method, path);
    const http = { ...requestContext.http, path };
    const passedOn = {
      ...request,
      ...(body === undefined ? {} : { body }),
      rawPath: path,
      requestContext: { ...requestContext, http },
    };
    // The adapter's types know no identity pool.
    return answer(passedOn as unknown as LambdaEvent, context);
  };
}

type ApiConfig = Config<"api">;

/** Who asks and what they may do. A header counts only where the deployment says so. */
function identification({ TRUST_USER_HEADER, USER_ID_FROM, READ_ALL }: ApiConfig) {
  const eventIn = (env: unknown): ApiEvent | undefined => (env as { event?: ApiEvent }).event;
  const identify = (env: unknown, headers: Headers): string | undefined => {
    if (TRUST_USER_HEADER) return headers.get("x-user-id") || "local-user";
    const event = eventIn(env);
    return event && userIdOf(event, USER_ID_FROM);
  };
  const scopes = (env: unknown): readonly string[] => {
    if (TRUST_USER_HEADER) return [READ_ALL_SCOPE];
    const event = eventIn(env);
    return event ? scopesOf(event, userIdOf(event, USER_ID_FROM), READ_ALL) : [];
  };
  return { identify, scopesOf: scopes };
}

type Logger = ReturnType<typeof createLogger>;

function logRequest(logger: Logger, { error, ...line }: RequestLine): void {
  const text = `${line.method} ${line.path} ${line.status}`;
  if (error) logger.error(text, { ...line, error });
  else if (line.status >= 400) logger.warn(text, { ...line });
  else logger.info(text, { ...line });
}

function refuseBody(logger: Logger, method: string, path: string) {
  const body = problem(400, `${method} takes no body`, { instance: path });
  logger.warn(`${method} ${path} ${body.status}`, { detail: body.detail });
  return {
    statusCode: body.status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
