import { parseArgs } from "node:util";
import type { Place } from "./simulate/model.ts";
import { ASSUMPTIONS, KNOBS, WORKLOAD } from "./simulate/model.ts";
import { chapters, KNOB_OF } from "./simulate/report.ts";

const GROUPS = { workload: WORKLOAD, knobs: KNOBS, assumptions: ASSUMPTIONS } as const;

const USAGE = `usage: npm run simulate -- [--NAME NUMBER ...]

${Object.entries(GROUPS)
  .map(([group, values]) => {
    const lines = Object.entries(values).map(([name, value]) => `  --${name} ${value ?? "(as needed)"}`);
    return `${group}:\n${lines.join("\n")}`;
  })
  .join("\n")}`;

/** Settings by group, each given as a number. @throws when a name is unknown or its value no number */
function read(args: string[]) {
  const names = Object.values(GROUPS).flatMap((values) => Object.keys(values));
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const { values } = parseArgs({ args, options, strict: true });
  const pick = (group: object) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, text]) => {
        if (!(name in group)) return [];
        const number = Number(text);
        if (!Number.isFinite(number) || number < 0)
          throw new Error(`--${name}: expected a number, got ${String(text)}`);
        return [[name, number]];
      }),
    );
  return { workload: pick(WORKLOAD), knobs: pick(KNOBS), assumptions: pick(ASSUMPTIONS) };
}

try {
  const all = chapters(read(process.argv.slice(2)));
  for (const { title, rows } of all) {
    console.log(`\n${title}`);
    console.table(rows);
  }
  const named = new Set(all.flatMap(({ rows }) => rows.flatMap((row) => row["held up by"].split(", "))));
  console.log("\nwhich knob moves it");
  for (const [place, knob] of Object.entries(KNOB_OF) as [Place, string][])
    if (named.has(place)) console.log(`  ${place}: ${knob}`);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
