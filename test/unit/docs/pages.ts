import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** README, CONTRIBUTING and every page of docs/, by its path from the root. */
export const PAGES: readonly string[] = ["README.md", "CONTRIBUTING.md", ...pagesIn("docs")].filter((page) =>
  existsSync(page),
);

function pagesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return names.filter((name) => name.endsWith(".md")).map((name) => join(folder, name).replaceAll("\\", "/"));
}

export const readPage = (page: string): string => readFileSync(page, "utf8");

/** The cells of every row of every table of a page, without the lines under the headings. */
export const rowsOf = (page: string): string[][] =>
  [...readPage(page).matchAll(/^\|(.+)\|$/gm)]
    .map(([, row = ""]) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([first = ""]) => !/^:?-+:?$/.test(first));

/** The TypeScript samples of a page, in their order. */
export const samplesOf = (page: string): string[] =>
  [...readPage(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
