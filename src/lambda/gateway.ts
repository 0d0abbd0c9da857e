import type { Logger } from "@aws-lambda-powertools/logger";
import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import { type createApp, pathsOf, problem, type RequestLine } from "../http/index.ts";
import type { ApiEvent } from "./identity.ts";

interface Gateway {
  /** Paths come as the caller wrote them, percent signs and all. */
  readonly isEncoded: boolean;
  readonly logger: Logger;
}

/** A handler of the gateway's events that answers with an app: its path as the routes expect it, no body where there may be none. */
export function answerGateway(app: ReturnType<typeof createApp>, { isEncoded, logger }: Gateway) {
  const answer = handle(app);
  type Answer = Awaited<ReturnType<typeof answer>>;

  return async (event: ApiEvent, context: LambdaContext): Promise<Answer> => {
    const { requestContext, rawPath, body: given, ...request } = event;
    const { method } = requestContext.http;
    const { stage, domainName = "" } = requestContext;
    const isUrl = domainName.includes(".lambda-url.");
    const path = pathsOf(app).normalize(method, { path: rawPath, stage, isEncoded: isEncoded || isUrl });
    // Some emulators send null.
    const body = given || undefined;
    if (body !== undefined && (method === "GET" || method === "HEAD")) return refuseBody(logger, method, path);
    const http = { ...requestContext.http, path };
    const passedOn = {
      ...request,
      ...(body === undefined ? {} : { body }),
      rawPath: path,
      requestContext: { ...requestContext, http },
    };
    // The adapter's types know no identity pool.
    return answer(passedOn as unknown as LambdaEvent, context);
  };
}

/** A line of the log for each request. */
export const logRequests =
  (logger: Logger) =>
  ({ error, ...line }: RequestLine): void => {
    const text = `${line.method} ${line.path} ${line.status}`;
    if (error) logger.error(text, { ...line, error });
    else if (line.status >= 400) logger.warn(text, { ...line });
    else logger.info(text, { ...line });
  };

function refuseBody(logger: Logger, method: string, path: string) {
  const body = problem(400, `${method} takes no body`, { instance: path });
  logger.warn(`${method} ${path} ${body.status}`, { detail: body.detail });
  return {
    statusCode: body.status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
