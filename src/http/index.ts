export { type App, createApp } from "./app.ts";
export type { HttpDependencies, Queries, RequestLine } from "./dependencies.ts";
