import { createPlugin } from "./create-plugin.mjs";

/** The plugin `streamfold/local` of the package, beside the local run as it was built. */
export default createPlugin(() => import("./offline.mjs"));
