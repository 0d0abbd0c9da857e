import { performance } from "node:perf_hooks";

/** The child of the cold-start bench: loads one bundle as Lambda does, and answers twice. Times in milliseconds since the process started. */
const started = performance.now();
const [bundle, event] = process.argv.slice(2);
const context = { getRemainingTimeInMillis: () => 60_000 };
const { handler } = await import(bundle);
const loaded = performance.now();
const answer = await handler(JSON.parse(event), context);
const answered = performance.now();
await handler(JSON.parse(event), context);
const again = performance.now();
process.once("disconnect", () => process.exit(0));
process.send({ started, loaded, answered, again, answer });
