import { benchAppend } from "./bench/append.ts";
import { benchCold } from "./bench/cold.ts";
import { benchContend } from "./bench/contend.ts";
import { benchCost } from "./bench/cost.ts";
import { benchHttp } from "./bench/http.ts";
import { benchLoad } from "./bench/load.ts";
import { benchLocal } from "./bench/local.ts";
import { type BenchOptions, parseBenchArgs, UsageError } from "./bench/options.ts";
import { benchPeers } from "./bench/peers.ts";
import { benchPrice } from "./bench/price.ts";
import { benchProject } from "./bench/project.ts";
import { benchPublish } from "./bench/publish.ts";
import { benchRebuild } from "./bench/rebuild.ts";
import { printReport, type Section } from "./bench/report.ts";

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Section[]>>> = {
  append: benchAppend,
  cold: benchCold,
  contend: benchContend,
  cost: benchCost,
  http: benchHttp,
  load: benchLoad,
  local: benchLocal,
  peers: benchPeers,
  price: benchPrice,
  project: benchProject,
  publish: benchPublish,
  rebuild: benchRebuild,
};

async function main(): Promise<void> {
  const { name, options } = parseBenchArgs(process.argv.slice(2));
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!bench) throw new UsageError(`which bench? There are: ${Object.keys(BENCHES).join(", ")}`);
  printReport(name, await bench(options), options);
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
});
