import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { pause } from "../event-store/index.ts";
import { createApp, type Query, READ_ALL_SCOPE } from "../http/index.ts";
import { createRowReaders, readStatus } from "../projector/dynamodb/index.ts";
import { answerGateway, logRequests } from "./gateway.ts";
import { identifyBy } from "./identity.ts";
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
    ...identifyBy(config, { [READ_ALL_SCOPE]: config.READ_ALL }),
    publishUserId: config.PUBLISH_USER_ID,
    log: logRequests(logger),
    pause,
  });
  return answerGateway(app, { isEncoded: config.PATHS_ENCODED, logger });
}
