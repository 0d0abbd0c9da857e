import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { mergePages } from "../../../src/event-store/dynamodb/merge-pages.ts";

const ascending = (a: number, b: number) => a - b;

async function* pagesOf(pages: readonly (readonly number[])[], onRead = () => {}): AsyncGenerator<readonly number[]> {
  for (const page of pages) {
    onRead();
    yield page;
  }
}

/** A sorted source in pages, some of them empty. */
const source = fc.tuple(fc.array(fc.nat(50)), fc.array(fc.nat(4), { minLength: 1 })).map(([numbers, sizes]) => {
  const left = [...numbers].sort(ascending);
  const pages = sizes.map((size) => left.splice(0, size));
  return [...pages, left];
});

test("any sources come out as one, in order, nothing lost and nothing twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(source, { maxLength: 6 }), async (sources) => {
      const merged: number[] = [];
      for await (const page of mergePages(
        sources.map((pages) => pagesOf(pages)),
        ascending,
      ))
        merged.push(...page);
      expect(merged).toEqual(sources.flat(2).sort(ascending));
    }),
  );
});

test("a reader that stops reads one page of each source and lets go of all", async () => {
  let reads = 0;
  let closed = 0;
  async function* endless(from: number): AsyncGenerator<readonly number[]> {
    try {
      for (let n = from; ; n += 10) {
        reads += 1;
        yield [n];
      }
    } finally {
      closed += 1;
    }
  }
  for await (const page of mergePages([endless(1), endless(2), endless(3)], ascending)) {
    expect(page).toEqual([1]);
    break;
  }
  expect({ reads, closed }).toEqual({ reads: 3, closed: 3 });
});
