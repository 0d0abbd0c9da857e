import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { HttpDependencies } from "./dependencies.ts";
import { MalformedError } from "./problem.ts";

export const CORRELATION_HEADER = "X-Correlation-Id";

export interface Variables {
  correlationId: string;
  detail: string | undefined;
  error: Error | undefined;
}

export type App = OpenAPIHono<{ Variables: Variables }>;
export type RequestContext = Context<{ Variables: Variables }>;

export const etagOf = (version: number): string => `"${version}"`;

/** `If-Match: "7"` is the expected version. @throws {MalformedError} */
export function expectedVersion(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const digits = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (digits === undefined) {
    throw new MalformedError(`If-Match: expected a version in quotes, such as "7", got ${header}`);
  }
  return Number(digits);
}

export function userOf(context: RequestContext, { identify }: HttpDependencies): string {
  const userId = identify(context.env, context.req.raw.headers);
  if (userId === undefined) throw new HTTPException(401, { message: "the request does not say who asks" });
  return userId;
}
