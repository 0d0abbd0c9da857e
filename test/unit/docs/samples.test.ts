import { afterAll, expect, test } from "@jest/globals";
import { PAGES, samplesOf } from "./pages.ts";
import { SampleModules } from "./sample-modules.ts";

/** Their samples talk to AWS or to a deployed API, and are compiled only. */
const NOT_RUN = new Set([
  "docs/library.md",
  "docs/subscribe.md",
  "docs/guides/lambda-by-hand.md",
  "docs/guides/worker.md",
  "docs/other-frameworks.md",
]);

const pages = PAGES.filter((page) => samplesOf(page).length > 0);
const modules = new SampleModules(pages);
afterAll(() => modules.remove());

test("the samples of README and docs compile", () => {
  expect(modules.compile()).toBe("");
});

test("the samples that need no AWS run, and what they say of their results is so", async () => {
  const run = pages.filter((page) => !NOT_RUN.has(page));
  expect(run).toContain("docs/guides/model-an-aggregate.md");
  expect(await modules.run(run)).toEqual({});
}, 60_000);
