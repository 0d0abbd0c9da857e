import { createServer } from "node:net";

/**
 * Ports that no system gives out by itself: below those that systems take for outgoing connections (32,768
 * on Linux, 49,152 elsewhere), one of which may take a port between the look at it and its use.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;
const TRIES = 50;

/** The port that is preferred when it is free, else one that is; 0 prefers none. */
export async function freePort(preferred = 0, taken: Pick<ReadonlySet<number>, "has"> = new Set()): Promise<number> {
  if (preferred !== 0 && !taken.has(preferred) && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no port from ${FIRST_PORT} to ${LAST_PORT} is free on 127.0.0.1`);
}

const PREFERRED_PORTS = { api: 3000, lambda: 3002, engine: 8000, bus: 4010, console: 3001 } as const;

type PortName = keyof typeof PREFERRED_PORTS;

/**
 * The ports of a run: those that the environment names (0: any that is free), else the usual ones, else any.
 *
 * @throws naming the variable, for what is no port, is in use or is named twice
 */
export async function choosePorts(environment: NodeJS.ProcessEnv): Promise<Record<PortName, number>> {
  const chosen = new Map<number, string>();
  const choose = async (name: PortName): Promise<[PortName, number]> => {
    const variable = variableOf(name);
    const wanted = environment[variable];
    if (wanted !== undefined && (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535))
      throw new Error(`${variable}: expected a port from 0 (any that is free) to 65535, got ${wanted}`);
    const named = Number(wanted ?? 0);
    if (chosen.has(named))
      throw new Error(`${variable}: expected a port of its own, got ${named}, which is ${chosen.get(named)}`);
    if (named !== 0 && !(await isFree(named)))
      throw new Error(`${variable}: expected a port that is free, and ${named} is in use`);
    const port = named || (await freePort(wanted === undefined ? PREFERRED_PORTS[name] : 0, chosen));
    chosen.set(port, variable);
    return [name, port];
  };
  const names = Object.keys(PREFERRED_PORTS) as PortName[];
  // Those that are named come first: none of the others may take theirs.
  const isNamed = (name: PortName) => Number(environment[variableOf(name)] ?? 0) !== 0;
  const ports: [PortName, number][] = [];
  for (const name of [...names.filter(isNamed), ...names.filter((one) => !isNamed(one))])
    ports.push(await choose(name));
  return Object.fromEntries(ports) as Record<PortName, number>;
}

const variableOf = (name: PortName): string => `STREAMFOLD_${name.toUpperCase()}_PORT`;

/** Whether a server could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
