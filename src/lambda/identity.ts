import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2WithRequestContext } from "aws-lambda";
import type { HttpDependencies } from "../http/index.ts";

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

/** Who asks and what they may do. A header counts only where the deployment says so; it may do everything then. */
export function identifyBy(
  { TRUST_USER_HEADER, USER_ID_FROM }: { readonly TRUST_USER_HEADER: boolean; readonly USER_ID_FROM: UserIdFrom },
  grants: Grants,
): Pick<HttpDependencies, "identify"> & Required<Pick<HttpDependencies, "scopesOf">> {
  const eventIn = (env: unknown): ApiEvent | undefined => (env as { event?: ApiEvent }).event;
  const identify = (env: unknown, headers: Headers): string | undefined => {
    if (TRUST_USER_HEADER) return headers.get("x-user-id") || "local-user";
    const event = eventIn(env);
    return event && userIdOf(event, USER_ID_FROM);
  };
  const scopes = (env: unknown): readonly string[] => {
    if (TRUST_USER_HEADER) return Object.keys(grants);
    const event = eventIn(env);
    return event ? scopesOf(event, userIdOf(event, USER_ID_FROM), grants) : [];
  };
  return { identify, scopesOf: scopes };
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

/** What the caller may do besides: the scopes of a token; and those that the stage grants to it or to one of them. */
export function scopesOf({ requestContext }: ApiEvent, userId: string | undefined, grants: Grants): string[] {
  const { claims = {}, scopes } = requestContext.authorizer?.jwt ?? {};
  const own = [...(scopes ?? []), ...(textOf(claims.scope)?.split(" ") ?? [])];
  const granted = Object.entries(grants).filter(([, names]) =>
    [...own, userId].some((one) => one !== undefined && names.includes(one)),
  );
  return [...own, ...granted.map(([scope]) => scope)];
}

/** Of each scope the users and scopes that have it by the stage's configuration. */
type Grants = Readonly<Record<string, readonly string[]>>;

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
