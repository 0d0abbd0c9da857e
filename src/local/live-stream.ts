import type { IncomingMessage, ServerResponse } from "node:http";
import type { LiveHub } from "./live-hub.ts";

/** The live stream as server-sent events (HTML Living Standard, section 9.2), until the page goes. */
export function streamLive(hub: LiveHub, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(`retry: ${RETRY_MS}\n\n`);
  const end = hub.listen((name, data) => {
    // Who reads too slowly asks again, and begins anew.
    if (response.writableLength > MOST_UNREAD) return void response.destroy();
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  });
  const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
  const close = (): void => {
    clearInterval(heartbeat);
    end();
  };
  response.on("close", close);
  request.on("close", close);
}

const RETRY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** Bytes that wait to be read. */
const MOST_UNREAD = 16 * 2 ** 20;
