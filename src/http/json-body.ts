import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { MalformedError } from "./problem.ts";

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

/** @throws {MalformedError} without a body @throws {HTTPException} 415, for a body that is not said to be JSON */
export async function requireJson(context: Context, next: () => Promise<void>): Promise<void> {
  const type = context.req.header("content-type");
  if (type !== undefined && !JSON_TYPE.test(type)) throw notJson(type);
  const body = await context.req.text();
  if (body.trim() === "") throw new MalformedError("the body is empty: expected a JSON object");
  if (type === undefined) throw notJson("none");
  await next();
}

const notJson = (type: string): HTTPException =>
  new HTTPException(415, { message: `content-type: expected application/json, got ${type}` });
