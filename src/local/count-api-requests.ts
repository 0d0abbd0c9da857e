import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { LiveHub } from "./live-hub.ts";

/** Counts an invocation for every request that the API is sent: the framework invokes those functions, not the run. */
export function countApiRequests(live: LiveHub, api: string): void {
  const port = Number(new URL(api).port);
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.socket.localPort !== port) return;
    live.invoked(request.url?.startsWith("/operations/") ? "operations" : "api");
  });
}
