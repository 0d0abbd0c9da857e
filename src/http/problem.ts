import { z } from "@hono/zod-openapi";

export type Problem = z.infer<typeof problemSchema>;

/** `If-Match` names no version that the entity can have. */
export class PreconditionFailedError extends Error {
  readonly code = "PRECONDITION_FAILED";
  constructor() {
    super("If-Match: the entity has none of these versions");
  }
}

/** The caller may not have the answer. */
export class ForbiddenError extends Error {
  readonly code = "FORBIDDEN";
}

/** Answers with which a client may ask again, after `Retry-After`. */
export const isForLater = ({ status, type }: Pick<Problem, "status" | "type">): boolean =>
  status === 503 || type === BEHIND_TYPE;

/** A request that does not have the form of the API. */
export class MalformedError extends Error {
  readonly code = "INVALID_ARGUMENT";
  constructor(
    message: string,
    readonly errors: readonly { readonly path: string; readonly message: string }[] = [],
  ) {
    super(message);
  }
}

/** The problem document of an error; an unknown error is a 500 without internal details. */
export function problemOf(error: unknown, hasPrecondition: boolean): Problem {
  if (!hasCode(error)) return problem(500, "the request failed; the log has more under its correlation id");
  const status = statusOf(error, hasPrecondition);
  if (status === 500) return problem(500, "the request failed; the log has more under its correlation id");
  const { reason, errors, expectedVersion, actualVersion } = error;
  const isRule = typeof reason === "string" && error.code === "REJECTED";
  const type = error.code === "BEHIND" ? BEHIND_TYPE : undefined;
  return problem(
    status,
    error.message,
    present({ type, reason: isRule ? reason : undefined, errors, expectedVersion, actualVersion }),
  );
}

interface Coded {
  readonly code: string;
  readonly reason?: unknown;
  readonly kind?: unknown;
  readonly errors?: unknown;
  readonly expectedVersion?: unknown;
  readonly actualVersion?: unknown;
}

const hasCode = (error: unknown): error is Error & Coded =>
  error instanceof Error && "code" in error && typeof error.code === "string";

function statusOf(error: Coded, hasPrecondition: boolean): number {
  if (error.code === "REJECTED" && error.kind === "unknown") return 404;
  if (error.code === "CONCURRENCY" && hasPrecondition) return 412;
  return STATUS_BY_CODE[error.code] ?? 500;
}

const present = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export function problem(status: number, detail: string, more: Record<string, unknown> = {}): Problem {
  const title = TITLES[status] ?? "Error";
  return { type: `urn:streamfold:problem:${slug(title)}`, title, status, detail, ...more };
}

const slug = (title: string): string => title.toLowerCase().replaceAll(" ", "-");

/** An RFC 9457 problem document. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: "urn:streamfold:problem:precondition-failed" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    correlationId: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .catchall(z.unknown())
  .openapi("Problem");

const TITLES: Readonly<Record<number, string>> = {
  400: "Malformed request",
  401: "Not authenticated",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  412: "Precondition failed",
  413: "Too large",
  415: "Unsupported media type",
  422: "Refused by the rules",
  500: "Internal error",
  503: "Not available yet",
};

/** The only place that knows which refusal has which status. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  INVALID_CURSOR: 400,
  UNSTORABLE_VALUE: 400,
  EVENT_SCHEMA: 400,
  COMMAND_SCHEMA: 400,
  NOT_FOUND: 404,
  NOT_PARKED: 404,
  CONCURRENCY: 409,
  APPEND_RETRIES_EXHAUSTED: 409,
  REBUILD_INCOMPLETE: 409,
  REBUILD_OVERTAKEN: 409,
  GENERATION_NOT_FED: 409,
  GENERATION_REFUSED: 409,
  TOO_LARGE: 413,
  AGGREGATE_TYPE: 422,
  COMMAND_ID_REUSED: 422,
  REJECTED: 422,
  PRECONDITION_FAILED: 412,
  FORBIDDEN: 403,
  BEHIND: 409,
  NOT_BUILT: 503,
  UNAVAILABLE: 503,
};

/** The resource does not exist. */
export class NotFoundError extends Error {
  readonly code = "NOT_FOUND";
}

const BEHIND_TYPE = "urn:streamfold:problem:behind";

/** The read model has not reached the version that was asked for. */
export class BehindError extends Error {
  readonly code = "BEHIND";
  constructor(
    readonly version: number,
    readonly atLeastVersion: number,
  ) {
    super(`the read model is at version ${version} and version ${atLeastVersion} was asked for; try again`);
  }
}
