import { connect } from "node:net";

/** What a server answers to bytes: the first line, or "nothing" when it closes, or keeps still, without one. */
export function sendRaw(endpoint: string, bytes: string | Buffer, waitMs = 1_000): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const end = () => {
      socket.destroy();
      resolve(answer.split("\r\n")[0] || "nothing");
    };
    socket.setTimeout(waitMs, end);
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n")) end();
    });
    socket.on("error", end);
    socket.on("close", end);
  });
}

const head = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
const post = (more: string, body = ""): string => `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n${body}`;

/** Requests that no client of good will sends. */
export const GARBAGE: readonly (readonly [what: string, bytes: string | Buffer])[] = [
  ["no request line", "GARBAGE\r\n\r\n"],
  ["control characters", "\0\x01\x02\r\n\r\n"],
  ["a version that is none", "GET / HTTP/9.9\r\n\r\n"],
  ["bytes of no text", Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 7919) % 256))],
  ["//", head("//")],
  ["//HOST/x", head("//HOST/x")],
  ["/api//HOST/x", head("/api//HOST/x")],
  ["/%", head("/%")],
  ["half a character", head("/%E0%A4%A")],
  ["/../../etc/passwd", head("/../../etc/passwd")],
  ["an absolute address", head("http://evil.example/x")],
  ["a star", head("*")],
  ["characters above 127", head("/\xff\xfe")],
  ["__proto__", head("/__proto__")],
  ["a long path", head(`/${"a".repeat(8_000)}`)],
  ["a header without end", head("/", `X: ${"a".repeat(100_000)}\r\n`)],
  ["two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")],
  ["a length that is none", post("Content-Length: many\r\n", "ab")],
  ["a length that never comes", post("Content-Length: 999999999\r\n", "ab")],
  ["a chunk that is none", post("Transfer-Encoding: chunked\r\n", "ZZ\r\n")],
  ["a tunnel", "CONNECT evil.example:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["an upgrade", head("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n")],
  ["an operation without a body", post("X-Amz-Target: AWSEvents.PutRule\r\nContent-Length: 0\r\n")],
  ["an operation with half a body", post("X-Amz-Target: AWSEvents.PutTargets\r\nContent-Length: 1\r\n", "{")],
  ["an operation on nothing", post("X-Amz-Target: AWSEvents.PutEvents\r\nContent-Length: 4\r\n", "null")],
  ["an operation on numbers", post("X-Amz-Target: AWSEvents.PutEvents\r\nContent-Length: 13\r\n", '{"Entries":5}')],
  ["an operation of the prototype", post("X-Amz-Target: AWSEvents.constructor\r\nContent-Length: 2\r\n", "{}")],
];
