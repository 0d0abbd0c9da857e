import { createServer } from "node:net";

/**
 * Ports that no system gives out by itself: below those that systems take for outgoing connections (32,768
 * on Linux, 49,152 elsewhere), one of which may take a port between the look at it and its use.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;
const TRIES = 50;

/** The port that is preferred when it is free, else one that is; 0 prefers none. */
export async function freePort(preferred = 0): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FIRST_PORT} to ${LAST_PORT} is free on 127.0.0.1`);
}

/** Whether a server could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
