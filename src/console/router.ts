import { computed, type ReadonlySignal, signal } from "@preact/signals";

/** Where the page is: `#/entities/p-1?version=7`. */
export interface Route {
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const hash = signal(location.hash);
export const route: ReadonlySignal<Route> = computed(() => parse(hash.value));

export function startRouter(): void {
  addEventListener("hashchange", () => {
    hash.value = location.hash;
  });
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

export function hrefTo(path: readonly string[], query: Parameters = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  return `#/${path.map(encodeURIComponent).join("/")}${search}`;
}

export function go(path: readonly string[], query: Parameters = {}): void {
  location.hash = hrefTo(path, query);
}

/** Changes parts of the query and adds no step to the history. */
export function adjust(change: Parameters): void {
  const { path, query } = route.value;
  history.replaceState(null, "", hrefTo(path, { ...query, ...change }));
  hash.value = location.hash;
}

export const entityHref = (entityId: string, version?: number): string => hrefTo(["entities", entityId], { version });
export const projectionHref = (name: string): string => hrefTo(["projections", name]);

function parse(text: string): Route {
  const [path = "", search = ""] = text.replace(/^#\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
