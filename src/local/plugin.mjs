import { buildForLocalRun } from "./build.mjs";
import { createPlugin } from "./create-plugin.mjs";

/** The plugin of this repository's serverless.yml, which builds the local run from its sources. */
export default createPlugin(() => import("../../dist/local/offline.mjs"), buildForLocalRun);
