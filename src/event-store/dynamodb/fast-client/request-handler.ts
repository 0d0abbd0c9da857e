import { Agent, type AgentOptions, type IncomingMessage, request as sendHttp } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions, request as sendHttps } from "node:https";
import { checkFields, type Fields } from "../../validate.ts";
import type { ConnectionTimeouts, HttpAnswer, HttpHandling, HttpMessage } from "./http.ts";

/**
 * HTTP over node's pool of connections, for requests and answers that are held in memory whole, as DynamoDB's are: no
 * stream and no timer is made for an answer, save what `requestTimeout` asks for. TLS, proxies of an agent and its limits
 * are node's.
 */
export class PooledRequestHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #timeouts: ConnectionTimeouts;
  readonly #http: Agent;
  readonly #https: HttpsAgent;

  /** @throws {InvalidArgumentError} for an option that it does not know */
  constructor(options: RequestHandlerOptions = {}) {
    checkFields("requestHandler", options, OPTIONS);
    const { httpAgent, httpsAgent } = options;
    this.#timeouts = options;
    this.#http = isAgent(httpAgent) ? httpAgent : new Agent({ ...POOL, ...httpAgent });
    this.#https = isAgent(httpsAgent) ? httpsAgent : new HttpsAgent({ ...POOL, ...httpsAgent });
  }

  handle(request: HttpMessage, handling: HttpHandling = {}): Promise<{ response: HttpAnswer }> {
    return new Promise((resolve, reject) => {
      const { abortSignal: signal, requestTimeout = this.#timeouts.requestTimeout ?? 0 } = handling;
      if (signal?.aborted) return reject(abortError());
      const isSecure = request.protocol === "https:";
      const options = {
        host: unbracketed(request.hostname),
        port: request.port,
        path: request.path,
        method: request.method,
        headers: request.headers,
      };
      const outgoing = isSecure
        ? sendHttps({ ...options, agent: this.#https })
        : sendHttp({ ...options, agent: this.#http });
      const end = (error: Error) => {
        stopWaiting();
        outgoing.destroy(error);
        reject(error);
      };
      const abort = () => end(abortError());
      const timer =
        requestTimeout > 0 && setTimeout(() => end(timeoutError(`no answer in ${requestTimeout} ms`)), requestTimeout);
      const stopWaiting = () => {
        if (timer) clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      signal?.addEventListener("abort", abort, { once: true });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        stopWaiting();
        reject(CONNECTION_ENDED.has(error.code ?? "") ? Object.assign(error, { name: "TimeoutError" }) : error);
      });
      outgoing.on("response", (incoming) => {
        takeBody(incoming).then((body) => {
          stopWaiting();
          resolve({ response: answerOf(incoming, body) });
        }, end);
      });
      const { connectionTimeout = 0 } = this.#timeouts;
      if (connectionTimeout > 0) limitConnecting(outgoing, connectionTimeout, end);
      outgoing.end(request.body);
    });
  }

  updateHttpClientConfig(): void {
    // What is set at the start holds.
  }

  httpHandlerConfigs(): ConnectionTimeouts {
    return this.#timeouts;
  }

  destroy(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** As the SDK's handler takes them. A request that takes longer than `requestTimeout` always fails. */
export interface RequestHandlerOptions extends ConnectionTimeouts {
  readonly httpAgent?: Agent | AgentOptions | undefined;
  readonly httpsAgent?: HttpsAgent | HttpsAgentOptions | undefined;
  readonly throwOnRequestTimeout?: boolean | undefined;
}

const OPTIONS: Fields<RequestHandlerOptions> = {
  httpAgent: true,
  httpsAgent: true,
  requestTimeout: true,
  connectionTimeout: true,
  throwOnRequestTimeout: true,
};

/** Agents of proxies are of no common class. */
const isAgent = (given: object | undefined): given is HttpsAgent =>
  typeof Reflect.get(given ?? {}, "destroy") === "function";

/** As many connections as the SDK opens, kept open between requests. */
const POOL = { keepAlive: true, maxSockets: 50 };

/** Errors of a connection that the SDK sends a request again after, as its own handler names them. */
const CONNECTION_ENDED = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

const timeoutError = (message: string): Error => Object.assign(new Error(message), { name: "TimeoutError" });

const abortError = (): Error => Object.assign(new Error("Request aborted"), { name: "AbortError" });

const unbracketed = (hostname: string): string =>
  hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname;

function takeBody(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const [only] = chunks;
      resolve(only && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    incoming.on("error", reject);
  });
}

const answerOf = ({ statusCode = 0, statusMessage, headers }: IncomingMessage, body: Buffer): HttpAnswer => ({
  statusCode,
  reason: statusMessage,
  headers: headers as Record<string, string>,
  body,
});

function limitConnecting(
  outgoing: ReturnType<typeof sendHttp>,
  milliseconds: number,
  end: (error: Error) => void,
): void {
  outgoing.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => end(timeoutError(`no connection in ${milliseconds} ms`)), milliseconds);
    const stop = () => clearTimeout(timer);
    socket.once("connect", stop);
    outgoing.once("close", stop);
  });
}
