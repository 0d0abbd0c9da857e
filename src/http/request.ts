import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Identity } from "./access.ts";
import type { HttpDependencies } from "./dependencies.ts";

export interface Variables {
  correlationId: string;
  detail: string | undefined;
  error: Error | undefined;
}

export type App = OpenAPIHono<{ Variables: Variables }>;

export type RequestContext = Context<{ Variables: Variables }>;

export const CORRELATION_HEADER = "X-Correlation-Id";

export const etagOf = (version: number): string => `"${version}"`;

type Identification = Pick<HttpDependencies, "identify" | "scopesOf">;

export const identityOf = (context: RequestContext, dependencies: Identification): Identity => ({
  userId: userOf(context, dependencies),
  scopes: dependencies.scopesOf?.(context.env, context.req.raw.headers) ?? [],
});

export function userOf(context: RequestContext, { identify }: Identification): string {
  const userId = identify(context.env, context.req.raw.headers);
  if (userId === undefined) throw new HTTPException(401, { message: "the request is not authenticated" });
  return userId;
}
