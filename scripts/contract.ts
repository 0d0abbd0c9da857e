import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { currentVersion } from "../src/event-store/index.ts";
import { aggregates } from "../src/product/index.ts";
import {
  asyncApi,
  brokenPromises,
  envelopeSchema,
  type JsonSchema,
  type PublishedEvent,
} from "../src/publisher/index.ts";

export const CONTRACT = "docs/contract";
const SERVICE = "ProductService";

/** Every published event with its schema, from the schemas that the store checks. */
export function publishedEvents(): PublishedEvent[] {
  return aggregates.flatMap(({ aggregateType, eventTypes }) =>
    Object.entries(eventTypes).flatMap(([eventType, { schema }]) => {
      if (!schema) return [];
      const { $schema: _, ...data } = z.toJSONSchema(schema as unknown as z.ZodType, { io: "output" });
      return [
        {
          eventType,
          version: currentVersion(eventTypes, aggregateType, eventType),
          aggregateType,
          data: data as JsonSchema,
        },
      ];
    }),
  );
}

/** The files of the contract by name. */
export function contractFiles(events: readonly PublishedEvent[]): Map<string, string> {
  const text = (content: unknown) => `${JSON.stringify(content, null, 2)}\n`;
  const schemas = events.map(
    (event) => [`${event.eventType}-${event.version}.json`, text(envelopeSchema(event))] as const,
  );
  return new Map([...schemas, ["asyncapi.json", text(asyncApi(SERVICE, events))]]);
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
  const events = publishedEvents();
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
