import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

test("the demo says what to do when no service runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "streamfold-demo-"));
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "scripts/demo.ts"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, STREAMFOLD_DATA: folder },
  });
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/no service is running here.*npm start/)]);
});
