/** A route of the API: `GET /products/{id}/price-history`. */
export interface RouteTemplate {
  readonly method: string;
  readonly path: string;
}

/** How a platform hands a request's path over. */
export interface RawPath {
  readonly path: string;
  /** The API's stage, which a named stage puts before the path: `dev`. */
  readonly stage?: string | undefined;
  /** HTTP APIs hand the path over decoded ("Working with AWS Lambda proxy integrations for HTTP APIs"); function URLs do not. */
  readonly isEncoded?: boolean | undefined;
}

/** Segments that a custom domain's mapping may put before the path, at most. */
const MAX_BASE_SEGMENTS = 3;

/** Finds the route of a path in whichever form a platform hands it over: decoded, encoded, behind a stage or a mapping. */
export class RoutePaths {
  readonly #routes: readonly { readonly method: string; readonly pattern: RegExp; readonly template: string }[];

  constructor(templates: readonly RouteTemplate[]) {
    const literals = ({ path }: RouteTemplate): number => path.replace(/\{[^}]*\}/g, "").length;
    // An id may hold slashes: the route that says most about the path comes first.
    this.#routes = [...templates]
      .sort((a, b) => literals(b) - literals(a))
      .map(({ method, path }) => ({ method: method.toUpperCase(), pattern: patternOf(path), template: path }));
  }

  /** The path as the routes expect it, its id encoded; as it came, made valid, when no route has it. */
  normalize(method: string, raw: RawPath): string {
    const wanted = method === "HEAD" ? "GET" : method;
    for (const path of candidates(raw)) {
      const route = this.#find(path, wanted) ?? this.#find(path);
      if (route) return fill(route, path, raw.isEncoded ?? false);
    }
    return made(raw.path);
  }

  /** Methods that there are for a path; none when there is no such path. */
  methodsOf(path: string): string[] {
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))].sort();
  }

  #find(path: string, method?: string) {
    return this.#routes.find((route) => (method === undefined || route.method === method) && route.pattern.test(path));
  }
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]*\}/g, "(.+)")}$`, "s");

function* candidates({ path, stage }: RawPath): Generator<string> {
  yield path;
  const prefix = `/${stage}/`;
  const within =
    stage !== undefined && stage !== "$default" && path.startsWith(prefix) ? path.slice(prefix.length - 1) : path;
  yield within;
  let rest = within;
  for (let segments = 0; segments < MAX_BASE_SEGMENTS; segments += 1) {
    const end = rest.indexOf("/", 1);
    if (end === -1) return;
    rest = rest.slice(end);
    yield rest;
  }
}

function fill(
  { pattern, template }: { readonly pattern: RegExp; readonly template: string },
  path: string,
  isEncoded: boolean,
): string {
  const [, id] = pattern.exec(path) ?? [];
  if (id === undefined) return template;
  return template.replace(/\{[^}]*\}/, () => encodeURIComponent(isEncoded || looksEncoded(id) ? decoded(id) : id));
}

/**
 * An id that was handed over encoded by a platform that should have decoded it: no id of ours holds "%2F" or "%3A" as text, and
 * every ARN, encoded, does.
 */
function looksEncoded(id: string): boolean {
  return /%(2F|3A)/i.test(id) && encodeURIComponent(decoded(id)).toUpperCase() === id.toUpperCase();
}

/** A path that a URL can be made of. */
const made = (path: string): string =>
  path
    .split("/")
    .map((segment) => encodeURIComponent(decoded(segment)))
    .join("/");

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
