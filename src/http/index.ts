export { type Identity, mayReadActivity, READ_ALL_SCOPE } from "./access.ts";
export { createApp, pathsOf } from "./app.ts";
export type { HttpDependencies, RequestLine } from "./dependencies.ts";
export { RoutePaths, type RouteTemplate } from "./paths.ts";
export { BehindError, ForbiddenError, NotFoundError, type Problem, problem } from "./problem.ts";
export { defineQuery, defineRowQuery, pageParameters, type Query, type QueryRequest } from "./query.ts";
