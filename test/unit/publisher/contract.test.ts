import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { CONTRACT, contractFiles, promisedEvents } from "../../../scripts/contract.ts";
import { productService } from "../../../src/product/service.ts";
import { brokenPromises, type PublishedEvent, publishedEvents } from "../../../src/publisher/index.ts";

test("the contract that is checked in is the one that the schemas make, and breaks no promise", () => {
  for (const [name, content] of contractFiles(publishedEvents(productService))) {
    expect({ name, content: readFileSync(join(CONTRACT, name), "utf8") }).toEqual({ name, content });
  }
  expect(brokenPromises(promisedEvents(), publishedEvents(productService))).toEqual([]);
});

describe("a planted change", () => {
  const changed = (
    change: (data: { properties: Record<string, unknown>; required: string[] }, event: { version: string }) => void,
  ): PublishedEvent[] => {
    const events = structuredClone(publishedEvents(productService)) as PublishedEvent[];
    const event = events.find(({ eventType }) => eventType === "PriceUpdated") as never as {
      data: never;
      version: string;
    };
    change(event.data, event);
    return events;
  };

  test.each<[string, Parameters<typeof changed>[0], string]>([
    ["a field removed", ({ properties }) => delete properties.previousPrice, "data.previousPrice is gone"],
    ["a type narrowed", ({ properties }) => (properties.price = { type: "integer" }), "data.price is of another type"],
    [
      "a field not always there",
      (data) => (data.required = data.required.filter((name) => name !== "price")),
      "data.price may be missing now",
    ],
  ])("%s is found", (_name, change, message) => {
    expect(brokenPromises(promisedEvents(), changed(change))).toEqual([
      expect.stringContaining(`PriceUpdated 1.0: ${message}`),
    ]);
  });

  test("passes with a raised version, and so does a new field", () => {
    expect(
      brokenPromises(
        promisedEvents(),
        changed(({ properties }, event) => {
          delete properties.price;
          event.version = "2.0";
        }),
      ),
    ).toEqual([]);
    expect(
      brokenPromises(
        promisedEvents(),
        changed(({ properties }) => (properties.more = { type: "string" })),
      ),
    ).toEqual([]);
    expect(brokenPromises(promisedEvents(), publishedEvents(productService).slice(1))).toEqual([
      "ProductCreated is not published any more",
    ]);
  });
});
