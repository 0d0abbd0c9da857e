import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { findEngine } from "../../src/local/engine.ts";
import type { Measured } from "./measure.ts";
import { round } from "./statistics.ts";

/** One table of a report. */
export interface Section {
  readonly title: string;
  readonly rows: readonly object[];
  /** What a reader must know to compare the numbers. */
  readonly notes?: readonly string[];
}

/** A note of the benches of stores. */
export const STREAM_OFF =
  "No table has a stream: the embedded engine keeps every stream record, and each put takes longer the more there are.";

/** Measurements whose operation is a batch of so many events, by event. */
export const rowsByEvent = (measured: readonly Measured[], batch: number): object[] =>
  measured.map((one) => ({
    side: one.side,
    "events/s": Math.round(one.opsPerSecond * batch),
    min: Math.round(one.min * batch),
    max: Math.round(one.max * batch),
    "requests an event": ((one.requestsPerOp ?? 0) / batch).toFixed(3),
    "client µs an event": Math.round(one.clientMicrosPerOp / batch),
    "engine µs an event": Math.round((one.engineMicrosPerOp ?? 0) / batch),
  }));

/** Where numbers were measured, and with what. */
export interface Provenance {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Short hash; "+" after it when files differ from it, "unknown" outside a repository. */
  readonly commit: string;
}

/** Prints tables, or with `json` one JSON document and nothing else on stdout. */
export function printReport(bench: string, sections: readonly Section[], { json }: { readonly json: boolean }): void {
  const provenance = provenanceOf();
  if (json) {
    console.log(JSON.stringify({ bench, ...provenance, sections }, undefined, 2));
    return;
  }
  for (const { title, rows, notes = [] } of sections) {
    console.log(`\n${title}`);
    console.table(rows);
    for (const note of notes) console.log(note);
  }
  const versions = Object.entries(provenance.versions).map(([name, version]) => `${name} ${version}`);
  console.log(`\n${[provenance.machine, ...versions, `commit ${provenance.commit}`].join(" · ")}`);
}

export function provenanceOf(): Provenance {
  const processors = cpus();
  const { release } = findEngine();
  return {
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? "unknown CPU"}, Node ${process.versions.node}`,
    versions: {
      "@aws-sdk/client-dynamodb": versionOf("@aws-sdk/client-dynamodb"),
      [`@dynoxide/${process.platform}-${process.arch}`]: release,
    },
    commit: commitOf(),
  };
}

/** The installed version of one of this repository's packages. */
export function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  return (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")) as { version: string }).version;
}

function commitOf(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const isDirty = git("status", "--porcelain") !== "";
    return git("rev-parse", "--short", "HEAD") + (isDirty ? "+" : "");
  } catch {
    return "unknown";
  }
}

/** What was measured, as rows of a table. */
export const measuredRows = (measured: readonly Measured[]): object[] =>
  measured.map(({ side, operations, isSteady, ...numbers }) => ({ side, ...roundAll(numbers), operations, isSteady }));

function roundAll(numbers: Readonly<Record<string, number | undefined>>): Record<string, number | undefined> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, value === undefined ? undefined : round(value)]),
  );
}
