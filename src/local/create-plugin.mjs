import { buildFunctions } from "./build-functions.mjs";

/**
 * A plugin of the framework: bundles the functions, and runs everything around them offline.
 *
 * @param {() => Promise<unknown>} load gives the module of the local run
 * @param {(serviceDir: string, folders: object) => Promise<unknown>} build before an offline start
 */
export const createPlugin = (load, build = buildFunctions) =>
  class StreamfoldPlugin {
    #serverless;
    #service;

    constructor(serverless) {
      this.#serverless = serverless;
      const start = () => this.#start();
      const stop = () => this.#service?.stop();
      // Whoever started this process is gone, and has not said so.
      process.once("disconnect", async () => {
        await stop();
        process.exit(1);
      });
      process.channel?.unref();
      this.hooks = {
        "before:package:createDeploymentArtifacts": () => this.#build(buildFunctions),
        "before:offline:start": start,
        "before:offline:start:init": start,
        "before:offline:start:end": stop,
      };
    }

    async #start() {
      if (this.#service) return;
      // Of the machine that it runs on; what the functions are deployed with says serverless.yml.
      process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
      if (process.env.STREAMFOLD_PREBUILT !== "true") await this.#build(build);
      const { OfflineService } = await this.#tell(load(), "LOCAL_RUN");
      this.#service = new OfflineService(this.#serverless, (line) => console.log(line));
      const starting = this.#service.start().catch(async (error) => {
        await this.#service.stop();
        throw error;
      });
      await this.#tell(starting, "LOCAL_RUN");
    }

    #build(how) {
      const { serviceDir, service } = this.#serverless;
      return this.#tell(how(serviceDir, service.custom?.streamfold), "BUILD");
    }

    /** An error of the framework's own kind, which it prints without its stack. */
    async #tell(work, code) {
      try {
        return await work;
      } catch (error) {
        throw new this.#serverless.classes.Error(missing(error) ?? error.message, code);
      }
    }
  };

/** What the local run needs beside the library is installed by whoever runs it, as in development only. */
function missing({ code, message }) {
  const [, name] = /Cannot find package '([^']+)'/.exec(message) ?? [];
  if (code !== "ERR_MODULE_NOT_FOUND" || name === undefined) return undefined;
  return `the local run needs ${name}, which is not installed: npm install --save-dev ${name}`;
}
