import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { productService } from "../src/product/service.ts";
import {
  asyncApi,
  brokenPromises,
  contractNameOf,
  envelopeSchema,
  type JsonSchema,
  type PublishedEvent,
  publishedEvents,
} from "../src/publisher/index.ts";

export const CONTRACT = "docs/contract";

/** The files of the contract by name. */
export function contractFiles(events: readonly PublishedEvent[]): Map<string, string> {
  const text = (content: unknown) => `${JSON.stringify(content, null, 2)}\n`;
  const schemas = events.map(
    (event) => [`${contractNameOf(event, events)}-${event.version}.json`, text(envelopeSchema(event))] as const,
  );
  return new Map([...schemas, ["asyncapi.json", text(asyncApi(productService.name, events))]]);
}

/** What was promised last: read back from the files that are checked in. */
export function promisedEvents(folder = CONTRACT): PublishedEvent[] {
  return readdirSync(folder)
    .filter((file) => file !== "asyncapi.json")
    .map((file) => {
      const { properties } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
        properties: Record<"eventType" | "version" | "aggregateType", { const: string }> & { data: JsonSchema };
      };
      const { eventType, version, aggregateType, data } = properties;
      return { eventType: eventType.const, version: version.const, aggregateType: aggregateType.const, data };
    });
}

function main(): void {
  mkdirSync(CONTRACT, { recursive: true });
  const events = publishedEvents(productService);
  const broken = brokenPromises(promisedEvents(), events);
  if (broken.length > 0) {
    console.error(`${broken.join("\n")}\nRaise the version of the event type, and give it an upcaster.`);
    process.exitCode = 1;
    return;
  }
  for (const file of readdirSync(CONTRACT)) rmSync(join(CONTRACT, file));
  for (const [name, content] of contractFiles(events)) writeFileSync(join(CONTRACT, name), content);
  console.log(`${events.length} events written to ${CONTRACT}`);
}

if (process.argv[1]?.endsWith("contract.ts")) {
  try {
    parseArgs({ options: {} });
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
