export { type Identity, mayReadActivity, OPERATE_SCOPE, READ_ALL_SCOPE } from "./access.ts";
export { createApp } from "./app.ts";
export { pathsOf } from "./bare-app.ts";
export type { HttpDependencies, RequestLine } from "./dependencies.ts";
export { createOperationsApp, type OperationsDependencies } from "./operations-app.ts";
export { RoutePaths, type RouteTemplate } from "./paths.ts";
export { BehindError, ForbiddenError, NotFoundError, type Problem, problem } from "./problem.ts";
export { defineQuery, defineRowQuery, pageParameters, type Query, type QueryRequest } from "./query.ts";
