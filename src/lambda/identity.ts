import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2WithRequestContext } from "aws-lambda";
import { READ_ALL_SCOPE } from "../http/index.ts";

export type ApiEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: Authorizer }
>;

/** Which part of which identity says who the user is: `auto`, `iam:identity`, `iam:role`, `iam:session`, `jwt:CLAIM`. */
export type UserIdFrom = string;

interface Authorizer {
  readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>>; readonly scopes?: readonly string[] | null };
  readonly iam?: {
    readonly userArn?: string;
    readonly userId?: string;
    readonly cognitoIdentity?: { readonly identityId?: string } | null;
  };
}

/**
 * The caller, as verified by the authorizer. By default a token's `sub`; of a signed request the identity of an identity
 * pool, whose users share one role, and else the principal without its session's name, which is another at every start.
 */
export function userIdOf({ requestContext }: ApiEvent, from: UserIdFrom): string | undefined {
  const { jwt, iam } = requestContext.authorizer ?? {};
  const identity = iam?.cognitoIdentity?.identityId ?? undefined;
  if (from === "iam:identity") return identity;
  if (from === "iam:role") return principalOf(iam?.userArn);
  if (from === "iam:session") return iam?.userArn;
  if (from.startsWith("jwt:")) return textOf(jwt?.claims?.[from.slice("jwt:".length)]);
  return textOf(jwt?.claims?.sub) ?? identity ?? principalOf(iam?.userArn);
}

/** The ARN of a user, or of a role without the name of its session. */
function principalOf(arn: string | undefined): string | undefined {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/(.+)\/[^/]+$/.exec(arn ?? "") ?? [];
  return role === undefined ? textOf(arn) : `arn:${partition}:iam::${account}:role/${role}`;
}

/** What the caller may do besides: the scopes of a token; and to read all, for the users and scopes that the stage names. */
export function scopesOf(
  { requestContext }: ApiEvent,
  userId: string | undefined,
  readAll: readonly string[],
): string[] {
  const { claims = {}, scopes } = requestContext.authorizer?.jwt ?? {};
  const own = [...(scopes ?? []), ...(textOf(claims.scope)?.split(" ") ?? [])];
  const mayReadAll = [...own, userId].some((one) => one !== undefined && readAll.includes(one));
  return mayReadAll ? [...own, READ_ALL_SCOPE] : own;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
