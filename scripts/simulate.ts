import { parseArgs } from "node:util";
import { ASSUMPTIONS, KNOBS, type Place, RANGES, WORKLOAD } from "./simulate/model.ts";
import { chapters, KNOB_OF } from "./simulate/report.ts";

const GROUPS = { workload: WORKLOAD, knobs: KNOBS, assumptions: ASSUMPTIONS } as const;

const USAGE = `usage: npm run simulate -- [--NAME NUMBER ...]    with a knob or a rate: that setting; without: one knob after another

${Object.entries(GROUPS)
  .map(([group, values]) => {
    const lines = Object.entries(values).map(([name, value]) => `  --${name} ${value ?? "(as needed)"}`);
    return `${group}:\n${lines.join("\n")}`;
  })
  .join("\n")}`;

type Name = keyof typeof RANGES;

/** @throws naming the setting, what was expected and what was given */
function readNumber(name: Name, text: string): number {
  const [from, to, isWhole] = RANGES[name];
  const number = Number(text);
  const isFine = text.trim() !== "" && number >= from && number <= to && (!isWhole || Number.isInteger(number));
  if (isFine) return number;
  throw new Error(`--${name}: expected ${isWhole ? "an integer" : "a number"} from ${from} to ${to}, got ${text}`);
}

/** Settings by group. @throws when a name is unknown or its value is out of its range */
function read(args: string[]) {
  const names = Object.keys(RANGES) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const { values } = parseArgs({ args, options });
  const given = names.flatMap((name): [Name, number][] => {
    const text = values[name];
    return typeof text === "string" ? [[name, readNumber(name, text)]] : [];
  });
  const pick = (group: object) => Object.fromEntries(given.filter(([name]) => name in group));
  return { workload: pick(WORKLOAD), knobs: pick(KNOBS), assumptions: pick(ASSUMPTIONS) };
}

function main(): void {
  const all = chapters(read(process.argv.slice(2)));
  for (const { title, rows } of all) {
    console.log(`\n${title}`);
    console.table(rows);
  }
  const named = new Set(all.flatMap(({ rows }) => rows.flatMap((row) => row["held up by"].split(", "))));
  const knobs = (Object.entries(KNOB_OF) as [Place, string][]).filter(([place]) => named.has(place));
  if (knobs.length > 0) console.log("\nwhich knob moves it");
  for (const [place, knob] of knobs) console.log(`  ${place}: ${knob}`);
}

try {
  if (process.argv.includes("--help")) console.log(USAGE);
  else main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
