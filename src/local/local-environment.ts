import { isLoopback } from "./loopback-only.ts";

/**
 * The tables of this stage have the names of the deployed ones, and the variable that names the endpoint
 * may be set for other work. @throws for an endpoint beyond this machine that was not asked for by name
 */
export function checkEndpoints(): void {
  for (const name of ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"]) {
    const endpoint = process.env[name];
    if (endpoint === undefined || endpoint === process.env.STREAMFOLD_ENGINE) continue;
    if (URL.canParse(endpoint) && isLoopback(new URL(endpoint).host)) continue;
    throw new Error(
      `${name}: expected an endpoint of this machine, got ${endpoint}; to use it all the same: npm start -- --engine ${endpoint}`,
    );
  }
}

/** Keys for the SDK, which signs requests; the signature is not checked here. */
export function pretendCredentials(region: string): void {
  process.env.AWS_ACCESS_KEY_ID ??= "local";
  process.env.AWS_SECRET_ACCESS_KEY ??= "local";
  process.env.AWS_REGION ??= region;
}
