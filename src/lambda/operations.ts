import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { pause } from "../event-store/index.ts";
import { createOperationsApp, OPERATE_SCOPE } from "../http/index.ts";
import { publishingOf } from "../operations/publishing.ts";
import { createProjector } from "../projector/dynamodb/index.ts";
import { createPublisher, eventBridgeBus } from "../publisher/index.ts";
import { createEventBridgeClient } from "./clients.ts";
import { answerGateway, logRequests } from "./gateway.ts";
import { identifyBy } from "./identity.ts";
import { backOff, clock, createLogger, createStore, newId } from "./wiring.ts";

/** The function behind `/operations`: what the console shows, and what is done there to read models and parked entities. */
export function createOperationsHandler(service: ServiceDefinition) {
  const config = readConfig("operations");
  const logger = createLogger();
  const { store, table } = createStore(service, config);
  const { projections, eventTypes } = service;
  const aggregates = Object.values(service.aggregates);
  const bus = eventBridgeBus(createEventBridgeClient(config.AWS_CLIENT), config.EVENT_BUS);
  const app = createOperationsApp({
    operations: {
      service,
      store,
      table,
      projector: createProjector({ projections, store, table, eventTypes, aggregates, clock, random: Math.random }),
      publisher: createPublisher({ bus, store, table, ...publishingOf(service, config), backOff, clock }),
      clock,
      pause,
    },
    ...identifyBy(config, { [OPERATE_SCOPE]: config.OPERATORS }),
    log: logRequests(logger),
    clock,
    newId,
  });
  return answerGateway(app, { isEncoded: config.PATHS_ENCODED, logger });
}
