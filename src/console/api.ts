/** A request that was refused, or that nobody answered. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** 0: no answer came. */
    readonly status: number,
    readonly fields: readonly { readonly path: string; readonly message: string }[] = [],
  ) {
    super(message);
  }
}

/** The service's API, the live stream, and what only a local run has; index.html says where each is. */
export type Base = "api" | "live" | "local";

export function addressOf(base: Base, path = "", query: Query = {}): string {
  const meta = document.querySelector<HTMLMetaElement>(`meta[name="streamfold-${base}"]`)?.content || base;
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  return new URL(`${meta}${path}${search}`, document.baseURI).href;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** A request that hangs would hold up all that ask for the same. */
const LONGEST_READ_MS = 15_000;

/** @throws {ApiError} */
export async function getText(address: string): Promise<string> {
  const signal = AbortSignal.timeout(LONGEST_READ_MS);
  return (await ask(address, { headers: { accept: "application/json" }, signal })).text();
}

/** @throws {ApiError} */
export async function get<T>(address: string): Promise<T> {
  return JSON.parse(await getText(address)) as T;
}

/** @throws {ApiError} */
export async function post<T>(address: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await ask(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

async function ask(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init).catch(() => undefined);
  if (!response) throw new ApiError("The service does not answer.", 0);
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  throw new ApiError(problem.detail ?? `The service answered ${response.status}.`, response.status, problem.errors);
}

interface Problem {
  readonly detail?: string;
  readonly errors?: ApiError["fields"];
}

/** One part of a path. */
export const part = encodeURIComponent;
