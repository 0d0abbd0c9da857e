import { benchCold } from "./bench/cold.ts";
import { benchCost } from "./bench/cost.ts";
import { benchLocal } from "./bench/local.ts";
import { benchPrice } from "./bench/price.ts";
import { benchProject } from "./bench/project.ts";

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  cold: benchCold,
  cost: benchCost,
  local: benchLocal,
  price: benchPrice,
  project: benchProject,
};

const [name = ""] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!bench) {
  console.error(`which bench? There are: ${Object.keys(BENCHES).join(", ")}`);
  process.exitCode = 2;
} else {
  bench().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
