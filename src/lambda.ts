/** Handler factories, with which each function of a service is a short module, and the query definitions of its API. */

export {
  defineQuery,
  defineRowQuery,
  ForbiddenError,
  mayReadActivity,
  NotFoundError,
  pageParameters,
  type Query,
  type QueryRequest,
} from "./http/index.ts";
export { createApiHandler } from "./lambda/api.ts";
export { createBusProjectorHandler } from "./lambda/bus-projector.ts";
export { createOperationsHandler } from "./lambda/operations.ts";
export { createProjectorHandler } from "./lambda/projector.ts";
export { createPublisherHandler } from "./lambda/publisher.ts";
export { createSnapshotterHandler } from "./lambda/snapshotter.ts";
export { createVitalsHandler } from "./lambda/vitals.ts";
