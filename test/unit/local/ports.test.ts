import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { choosePorts, freePort } from "../../../src/local/ports.ts";

const ANY = {
  STREAMFOLD_API_PORT: "0",
  STREAMFOLD_CONSOLE_PORT: "0",
  STREAMFOLD_BUS_PORT: "0",
  STREAMFOLD_ENGINE_PORT: "0",
  STREAMFOLD_LAMBDA_PORT: "0",
};

test("a port that is named is taken, and the others are others", async () => {
  const port = await freePort();
  const ports = await choosePorts({ ...ANY, STREAMFOLD_CONSOLE_PORT: `${port}` });
  expect(ports.console).toBe(port);
  expect(new Set(Object.values(ports)).size).toBe(5);
});

test("one that is usual for another may be named", async () => {
  const { api, console: page } = await choosePorts({ STREAMFOLD_CONSOLE_PORT: "3000" }).catch((error: Error) => {
    // Somebody else may have it on this machine.
    expect(error.message).toContain("STREAMFOLD_CONSOLE_PORT: expected a port that is free, and 3000 is in use");
    return { api: 0, console: 3000 };
  });
  expect(page).toBe(3000);
  expect(api).not.toBe(3000);
});

test("a port named twice is refused by both names", async () => {
  const port = `${await freePort()}`;
  await expect(choosePorts({ ...ANY, STREAMFOLD_API_PORT: port, STREAMFOLD_CONSOLE_PORT: port })).rejects.toThrow(
    `STREAMFOLD_CONSOLE_PORT: expected a port of its own, got ${port}, which is STREAMFOLD_API_PORT`,
  );
});

test("a port that is named and in use is refused", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await expect(choosePorts({ ...ANY, STREAMFOLD_BUS_PORT: `${port}` })).rejects.toThrow(
    `STREAMFOLD_BUS_PORT: expected a port that is free, and ${port} is in use`,
  );
  await new Promise((resolve) => server.close(resolve));
});

test.each(["x", "-1", "70000", "1e3", ""])("%j is no port", async (wrong) => {
  await expect(choosePorts({ ...ANY, STREAMFOLD_LAMBDA_PORT: wrong })).rejects.toThrow("STREAMFOLD_LAMBDA_PORT");
});
