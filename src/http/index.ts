export { createApp } from "./app.ts";
export type { HttpDependencies, Queries, RequestLine } from "./dependencies.ts";
export type { App } from "./request.ts";
