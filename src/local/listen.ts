import type { RequestListener } from "node:http";
import { createServer } from "node:http";

export interface Listening {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Answers HTTP on 127.0.0.1. @param port 0 takes any that is free */
export function listen(listener: RequestListener, port: number): Promise<Listening> {
  const server = createServer(listener);
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
