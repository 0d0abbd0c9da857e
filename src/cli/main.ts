import { processIo } from "./process-io.ts";
import { runCommandLine } from "./run.ts";

// Standard error has what the command says, and no advice of the SDK's about later versions of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

process.exitCode = await runCommandLine(process.argv.slice(2), processIo());
