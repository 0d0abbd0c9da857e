import { createHash, createHmac } from "node:crypto";
import { systemClock } from "../../defaults.ts";
import type { HttpMessage } from "./http.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SigningOptions {
  readonly signingDate?: Date | number | string | undefined;
  readonly signingRegion?: string | undefined;
  readonly signingService?: string | undefined;
}

/**
 * Signature Version 4 of a request without query ("Create a signed AWS API request", IAM User Guide), as the SDK's own
 * signer makes it. The derived key is kept: it changes with the day and the secret only.
 */
export class KeepingSigner {
  readonly #credentials: () => Promise<Credentials>;
  readonly #region: () => Promise<string>;
  readonly #service: string;
  #key: { readonly of: string; readonly secret: string; readonly bytes: Buffer } | undefined;

  constructor(credentials: () => Promise<Credentials>, region: () => Promise<string>, service = "dynamodb") {
    this.#service = service;
    this.#credentials = credentials;
    this.#region = region;
  }

  async sign<Request extends HttpMessage>(request: Request, options: SigningOptions = {}): Promise<Request> {
    const { signingDate = systemClock(), signingService = this.#service } = options;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#credentials();
    const region = options.signingRegion ?? (await this.#region());
    const time = new Date(signingDate).toISOString().replace(/[-:]|\.\d{3}/g, "");
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${signingService}/aws4_request`;
    const bodyHash = sha256(request.body ?? "");
    const headers: Record<string, string> = {};
    for (const name in request.headers) {
      if (!SET_HERE.has(name.toLowerCase())) headers[name] = request.headers[name] as string;
    }
    headers["x-amz-date"] = time;
    if (sessionToken !== undefined) headers["x-amz-security-token"] = sessionToken;
    headers["x-amz-content-sha256"] = bodyHash;
    const { lines, names } = canonicalHeaders(headers);
    const canonical = `${request.method}\n${request.path}\n\n${lines}\n${names}\n${bodyHash}`;
    const key = this.#keyOf(secretAccessKey, { day, region, signingService });
    const signature = createHmac("sha256", key)
      .update(`${ALGORITHM}\n${time}\n${scope}\n${sha256(canonical)}`)
      .digest("hex");
    headers.authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return Object.assign(Object.create(Object.getPrototypeOf(request)), request, { headers });
  }

  #keyOf(
    secret: string,
    scope: { readonly day: string; readonly region: string; readonly signingService: string },
  ): Buffer {
    const of = `${scope.day}/${scope.region}/${scope.signingService}`;
    if (this.#key?.of === of && this.#key.secret === secret) return this.#key.bytes;
    const parts = [scope.day, scope.region, scope.signingService, "aws4_request"];
    const bytes = parts.reduce<Buffer>(
      (key, part) => createHmac("sha256", key).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    );
    this.#key = { of, secret, bytes };
    return bytes;
  }
}

const ALGORITHM = "AWS4-HMAC-SHA256";

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** What an earlier signature has left on a request that is sent again. */
const SET_HERE = new Set(["authorization", "date", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]);

/** Headers that a proxy may change, which the SDK does not sign either. */
const UNSIGNED =
  /^(authorization|cache-control|connection|expect|from|keep-alive|max-forwards|pragma|referer|te|trailer|transfer-encoding|upgrade|user-agent|x-amzn-trace-id|proxy-.*|sec-.*)$/;

function canonicalHeaders(headers: Readonly<Record<string, string>>): { lines: string; names: string } {
  const signed: [name: string, value: string][] = [];
  for (const name in headers) {
    const lower = name.toLowerCase();
    if (!UNSIGNED.test(lower)) signed.push([lower, String(headers[name]).trim().replace(/\s+/g, " ")]);
  }
  signed.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    lines: signed.map(([name, value]) => `${name}:${value}\n`).join(""),
    names: signed.map(([name]) => name).join(";"),
  };
}
