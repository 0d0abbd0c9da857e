import { transformSync } from "esbuild";

/** TypeScript for Jest: CommonJS, or ES modules where Jest is configured for them (extensionsToTreatAsEsm). */
export default {
  process: (source, path, { supportsStaticESM }) =>
    transformSync(source, {
      loader: "ts",
      format: supportsStaticESM ? "esm" : "cjs",
      target: "node20",
      sourcefile: path,
      sourcemap: "inline",
    }),
};
