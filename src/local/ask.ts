import { type IncomingMessage, request } from "node:http";

export interface Asked {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Milliseconds within which a server of this machine answers, or is taken for none. */
const ANSWER_MS = 2_000;

/**
 * What a server of this machine answers to a GET, or undefined. Not by `fetch`, which refuses the ports
 * that browsers refuse.
 */
export function ask(url: string): Promise<Asked | undefined> {
  return new Promise((resolve) => {
    const asking = request(url, { timeout: ANSWER_MS, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (body += chunk));
      answer.on("end", () => resolve({ headers: answer.headers, body }));
      answer.on("error", () => resolve(undefined));
    });
    asking.on("timeout", () => asking.destroy());
    asking.on("error", () => resolve(undefined));
    asking.end();
  });
}
