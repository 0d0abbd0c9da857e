import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setLambdaEnvironment } from "../../support/lambda.ts";
import { until } from "../../support/until.ts";

let server: Server;
let requests = 0;
let answer: Promise<unknown> | undefined;
beforeAll(async () => {
  server = createServer(() => {
    requests += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  setLambdaEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await answer;
});

test("a request that is not answered is given up and sent again before the function's time is over", async () => {
  const { createStore } = await import("../../../src/lambda/wiring.ts");
  const { readConfig } = await import("../../../src/config.ts");
  const { store } = createStore({ aggregates: {} }, readConfig("vitals"));
  const start = Date.now();
  answer = store.getEvents("e").catch(() => undefined);
  await until(() => (requests > 1 ? true : undefined), "a second request", 15_000);
  expect(Date.now() - start).toBeGreaterThan(4_500);
});
