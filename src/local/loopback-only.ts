import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/**
 * Guards every HTTP server of this process, those of the framework's plugins among them, which offer no
 * place of their own for it: Node tells of a request before the server does.
 */
export function guardAllServers(): void {
  subscribe("http.server.request.start", (message) => guard((message as { readonly server: Server }).server));
}

const guarded = new WeakSet<Server>();

/** Has a server ask before each request. `upgrade` and `connect` have no use here. */
export function guard(server: Server): void {
  if (guarded.has(server)) return;
  guarded.add(server);
  const emit = server.emit.bind(server);
  server.emit = (event: string, ...args: unknown[]): boolean => {
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const isRequest = event === "request" || event === "checkContinue" || event === "checkExpectation";
    return isRequest && refused(request, response) ? true : emit(event, ...args);
  };
}

/** Answers 403 to what is foreign. True when it did. */
function refused(request: IncomingMessage, response: ServerResponse): boolean {
  const reason = refusalOf(request);
  if (reason === undefined) return false;
  response.writeHead(403, { "content-type": "application/problem+json", connection: "close" });
  response.end(JSON.stringify({ title: "Forbidden", status: 403, detail: reason }));
  return true;
}

/**
 * Why a request is refused, or undefined: a page of another origin sends it (Origin, Sec-Fetch-Site),
 * or believes that it talks to a host of its own (Host: "DNS rebinding"). A link that is followed is let
 * through, for it cannot read or change anything.
 */
export function refusalOf({ method, headers }: Pick<IncomingMessage, "method" | "headers">): string | undefined {
  const { host, origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = headers;
  if (host === undefined || !isLoopback(host))
    return `Host: expected this machine (127.0.0.1, localhost), got ${host ?? "none"}`;
  if (origin !== undefined && !(URL.canParse(origin) && isLoopback(new URL(origin).host)))
    return `Origin: expected a page of this machine, got ${origin}`;
  const isLink = mode === "navigate" && method === "GET";
  if (origin === undefined && site === "cross-site" && !isLink)
    return "Sec-Fetch-Site: expected a page of this machine, got cross-site";
  return undefined;
}

/** Whether an authority (`HOST` or `HOST:PORT`) names this machine by its loopback interface. */
export function isLoopback(authority: string): boolean {
  if (!URL.canParse(`http://${authority}`)) return false;
  const { hostname, username, pathname } = new URL(`http://${authority}`);
  if (username !== "" || pathname !== "/") return false;
  return (
    hostname === "localhost" ||
    hostname === "[::1]" ||
    hostname.endsWith(".localhost") ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
