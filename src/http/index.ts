export { READ_ALL_SCOPE } from "./access.ts";
export { createApp, pathsOf } from "./app.ts";
export type { HttpDependencies, Queries, RequestLine } from "./dependencies.ts";
export { RoutePaths, type RouteTemplate } from "./paths.ts";
export { problem } from "./problem.ts";
export type { App } from "./request.ts";
