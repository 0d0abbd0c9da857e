import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

interface Finished {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Lines after which it is told again where everything is, once it is quiet. */
const MANY_LINES = 30;
/** Milliseconds without a command: it is quiet. */
const QUIET_MS = 2_000;

/** A line for every command that the API answers; reading is not told. */
export class RequestLog {
  readonly #print: (line: string) => void;
  readonly #where: string;
  readonly #port: number;
  readonly #begun = new WeakMap<IncomingMessage, number>();
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    print: (line: string) => void,
    { api, console: page }: { readonly api: string; readonly console: string },
  ) {
    this.#print = print;
    this.#port = Number(new URL(api).port);
    this.#where = `API ${api}, console ${page}`;
  }

  start(): void {
    subscribe("http.server.request.start", (message) => {
      const { request } = message as Finished;
      if (this.#isCommand(request)) this.#begun.set(request, performance.now());
    });
    subscribe("http.server.response.finish", (message) => this.#tell(message as Finished));
  }

  #isCommand({ method, socket }: IncomingMessage): boolean {
    return method !== "GET" && method !== "HEAD" && method !== "OPTIONS" && socket.localPort === this.#port;
  }

  #tell({ request, response }: Finished): void {
    const begun = this.#begun.get(request);
    if (begun === undefined) return;
    const milliseconds = Math.round(performance.now() - begun);
    this.#print(`${request.method} ${request.url} ${response.statusCode} ${milliseconds} ms`);
    this.#lines += 1;
    clearTimeout(this.#timer);
    if (this.#lines >= MANY_LINES) this.#timer = setTimeout(() => this.#tellWhere(), QUIET_MS).unref();
  }

  /** So many lines have pushed it out of sight. */
  #tellWhere(): void {
    this.#lines = 0;
    this.#print(this.#where);
  }
}
