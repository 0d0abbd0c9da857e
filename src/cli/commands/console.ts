import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { requestSigner } from "../../sign-request.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { type Authorize, serveRemoteConsole } from "../remote-console.ts";

/** The console of a deployed service, on this machine. */
export const consoleCommand = defineCommand({
  name: "console",
  words: [],
  options: {
    url: { kind: "text", hint: "URL", about: "the API of the stage, which was deployed with operations=on" },
    token: { kind: "text", hint: "TOKEN", about: "for an API with the JWT authorizer; default: requests are signed" },
    port: { kind: "integer", hint: "N", min: 0, max: 65_535, about: "default: any that is free" },
  },
  about: "Open the console of a deployed service here, until Ctrl-C",
  details: `The page comes from this machine; what it asks for goes to the API, signed with the SDK's credentials or with the token.
They must be among the stage's operators (docs/deploy.md). The service that runs on this machine has its console already.`,
  example: "console --url https://abc.execute-api.eu-central-1.amazonaws.com",
  run: async ({ options: { url, token, port } }, { io, output }) => {
    if (url === undefined || !URL.canParse(url))
      throw new UsageError(`--url: expected the address of an API, got ${url ?? "none"}`);
    const authorize = token === undefined ? signed() : async () => ({ authorization: `Bearer ${token}` });
    const server = await serveRemoteConsole({ api: new URL(url), authorize, port: port ?? 0 });
    await output.line({ console: server.endpoint }, () => `the console of ${url}: ${server.endpoint}; Ctrl-C ends it`);
    const interruption = io.interruption();
    await new Promise<void>((resolve) => {
      if (interruption.aborted) return resolve();
      interruption.addEventListener("abort", () => resolve(), { once: true });
    });
    await server.stop();
    return "done";
  },
});

/** By the SDK's usual credentials and region. */
function signed(): Authorize {
  const { config } = new DynamoDBClient({});
  const sign = requestSigner({ region: config.region, credentials: config.credentials });
  return async (request) => {
    const { host: _, ...headers } = await sign(request);
    return headers;
  };
}
