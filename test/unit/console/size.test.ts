import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { buildConsole } from "../../../src/console/build.mjs";

test("the page is less than 150 kB gzipped, and asks nobody but its own server", async () => {
  const folder = await buildConsole();
  const files = ["index.html", "console.js", "console.css"].map((name) => readFileSync(join(folder, name), "utf8"));
  const bytes = files.reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(150_000);
  const addresses = files.flatMap((text) => text.match(/https?:\/\/[^"'`\s)]*/g) ?? []);
  // Names of XML vocabularies, which nobody fetches.
  expect(addresses.filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual([]);
});
