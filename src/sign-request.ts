import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

type Signing = Pick<ConstructorParameters<typeof SignatureV4>[0], "region" | "credentials">;

/** Signs requests to an API with the IAM authorizer (AWS Signature Version 4, service `execute-api`). Gives their headers. */
export function requestSigner(signing: Signing): (request: ApiRequest) => Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: "execute-api", sha256: Sha256, ...signing });
  return async ({ method, url, headers, body }) => {
    const request = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    });
    return request.headers;
  };
}
