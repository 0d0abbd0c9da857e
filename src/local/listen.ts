import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { messageOf } from "../event-store/index.ts";
import { guard } from "./loopback-only.ts";

export interface Listening {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Milliseconds that a request may take to come in, its body included. */
const REQUEST_MS = 60_000;

/**
 * Answers HTTP on 127.0.0.1 to this machine's own programs and pages.
 *
 * @param listener what it throws is answered with 500 and ends nothing
 * @param port 0 takes any that is free
 */
export function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  port: number,
): Promise<Listening> {
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    void answer(listener, request, response);
  });
  guard(server);
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const actual = typeof address === "object" && address ? address.port : port;
      resolve({ endpoint: `http://127.0.0.1:${actual}`, stop });
    });
  });
}

async function answer(
  listener: Parameters<typeof listen>[0],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  request.on("error", () => undefined);
  try {
    await listener(request, response);
  } catch (error) {
    const status = error instanceof BodyTooLargeError ? 413 : 500;
    if (!response.headersSent) response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify({ message: messageOf(error) }));
  }
}

/** @throws {BodyTooLargeError} as soon as more bytes have come than are taken */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new BodyTooLargeError(`body: expected at most ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** A body is longer than is taken here. */
export class BodyTooLargeError extends Error {
  override readonly name = "RequestEntityTooLargeException";
}
