import { createServer, request as forward, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LiveEvents } from "../../../src/operations/contract.ts";

/** The console behind a server of the test's own, which has the live stream in its hands. */
export interface Relay {
  readonly url: string;
  tell<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void;
  /** Ends the streams, and answers nothing from then on. */
  breakDown(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startRelay(console: string): Promise<Relay> {
  const streams = new Set<ServerResponse>();
  let isBroken = false;
  const server = createServer((incoming, outgoing) => {
    if (isBroken) return void incoming.socket.destroy();
    if (incoming.url === "/live") {
      outgoing.writeHead(200, { "content-type": "text/event-stream" });
      outgoing.write("retry: 200\n\n");
      outgoing.write(`event: hello\ndata: ${JSON.stringify({ isLocal: true, now: new Date().toISOString() })}\n\n`);
      streams.add(outgoing);
      outgoing.on("close", () => streams.delete(outgoing));
      return;
    }
    const { hostname, port } = new URL(console);
    const { host: _, ...headers } = incoming.headers;
    const request = forward(
      { hostname, port, path: incoming.url ?? "/", method: incoming.method ?? "GET", headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    request.on("error", () => outgoing.destroy());
    incoming.pipe(request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell: (name, data) => {
      for (const stream of streams) stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    breakDown: () => {
      isBroken = true;
      server.closeAllConnections();
    },
    heal: () => {
      isBroken = false;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
