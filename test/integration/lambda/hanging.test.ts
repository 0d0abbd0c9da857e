import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setLambdaEnvironment } from "../../support/lambda.ts";
import { until } from "../../support/until.ts";

let server: Server;
let requests = 0;
beforeAll(async () => {
  server = createServer(() => {
    requests += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  setLambdaEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("a request that is not answered is given up and sent again before the function's time is over", async () => {
  const { createStore } = await import("../../../src/lambda/wiring.ts");
  const { readConfig } = await import("../../../src/config.ts");
  const { store } = createStore(readConfig("vitals"));
  const start = Date.now();
  store.getEvents("e").catch(() => undefined);
  await until(() => (requests > 1 ? true : undefined), "a second request", 15_000);
  expect(Date.now() - start).toBeGreaterThan(4_500);
});
