import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RunFile } from "../../src/local/run-file.ts";
import type { Section } from "./report.ts";
import { percentile, round } from "./statistics.ts";

const COMMANDS = 200;
const WARM_UP = 20;

/** Milliseconds from the answer to a command until its row is there, in a local run that has nothing else to do. */
export async function measureVisible(commands = COMMANDS): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "visible-"));
  const ports = Object.fromEntries(
    ["API", "CONSOLE", "BUS", "ENGINE", "LAMBDA"].map((name) => [`STREAMFOLD_${name}_PORT`, "0"]),
  );
  const child = spawn(process.execPath, ["scripts/start.mjs"], {
    env: { ...process.env, ...ports, STREAMFOLD_DATA: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await readyOf(child.stdout);
    const { api } = JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as RunFile;
    const times: number[] = [];
    for (let n = 0; n < WARM_UP + commands; n += 1) times.push(await one(api, `p-${n}`));
    return times.slice(WARM_UP);
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads on for as long as the service prints. */
async function readyOf(output: NodeJS.ReadableStream): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    output.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (/(^|\n)ready/.test(said)) resolve();
    });
    output.once("end", () => reject(new Error(`the service ended: ${said}`)));
  });
}

/** At a time that has nothing to do with when anybody looks. */
async function one(api: string, productId: string): Promise<number> {
  await pause(100 + Math.random() * 100);
  const body = JSON.stringify({ productId, name: "Tea", price: { amount: 1, currency: "EUR" } });
  const answer = await fetch(`${api}/products`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await answer.arrayBuffer();
  const begun = performance.now();
  for (;;) {
    const row = await fetch(`${api}/products/${productId}`);
    await row.arrayBuffer();
    if (row.status === 200) return performance.now() - begun;
    await pause(2);
  }
}

export async function visibleSection(): Promise<Section> {
  const times = await measureVisible();
  return {
    title: "local run: milliseconds from an answered command to its row, idle",
    rows: [{ commands: times.length, p50: round(percentile(times, 0.5)), p99: round(percentile(times, 0.99)) }],
  };
}
