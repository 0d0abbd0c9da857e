import { buildForLocalRun, buildHandlers } from "./build.mjs";

/** The plugin that serverless.yml names: bundles the handlers, and runs everything around them offline. */
export default class StreamfoldPlugin {
  #service;

  constructor(serverless) {
    const print = (line) => console.log(line);
    const start = async () => {
      if (this.#service) return;
      if (process.env.STREAMFOLD_PREBUILT !== "true") await buildForLocalRun();
      const { OfflineService } = await import("../../dist/local/offline.mjs");
      this.#service = new OfflineService(serverless, print);
      await this.#service.start().catch(async (error) => {
        await this.#service.stop();
        throw new serverless.classes.Error(error.message, "LOCAL_RUN");
      });
    };
    const stop = () => this.#service?.stop();
    // Whoever started this process is gone, and has not said so.
    process.once("disconnect", async () => {
      await stop();
      process.exit(1);
    });
    process.channel?.unref();
    this.hooks = {
      "before:package:createDeploymentArtifacts": () => buildHandlers(),
      "before:offline:start": start,
      "before:offline:start:init": start,
      "before:offline:start:end": stop,
    };
  }
}
