import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "@jest/globals";
import { PAGES, readPage, rowsOf } from "./pages.ts";

test("links between pages lead to files and headings that exist", () => {
  const broken = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z]+:/.test(link)) return [];
      const [path = "", heading] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      const isThere = existsSync(target) && (heading === undefined || headingsOf(target).includes(heading));
      return isThere ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

test("the index names every page", () => {
  const index = readPage("docs/README.md");
  const pages = PAGES.filter((page) => page.startsWith("docs/") && !/^docs\/(adr\/|README)/.test(page));
  expect(pages.filter((page) => !index.includes(`(${page.slice("docs/".length)})`))).toEqual([]);
});

test("scripts of npm that pages name exist", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  expect(namedIn(/npm run ([\w-]+)/g, PAGES.filter(isCurrent)).filter(([, name]) => !scripts[name])).toEqual([]);
});

test("commands of the command line that pages name exist", () => {
  const folder = "src/cli/commands";
  const sources = existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8")) : [];
  const commands = sources.flatMap((source) => [...source.matchAll(/^ {2}name: "([^"]+)"/gm)].map(([, name]) => name));
  const named = namedIn(/npx streamfold ((?:parked|snapshots|add) [a-z]+|[a-z]+)/g, PAGES.filter(isCurrent));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(([, name]) => commands.length > 0 && !commands.includes(name))).toEqual([]);
});

test("tests that pages name exist", () => {
  const named = namedIn(/`((?:unit|integration|e2e)\/[\w/-]+)`/g, ["docs/guarantees.md", "docs/guides/cost.md"]);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(([, name]) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
});

test("files of src that pages name exist", () => {
  const named = namedIn(/`(src\/[\w./-]+\.(?:ts|yml|cjs|mjs))`/g, PAGES.filter(isCurrent));
  expect(named.filter(([, name]) => !existsSync(name))).toEqual([]);
});

test("the limits are those of the code", () => {
  const limits = rowsOf("docs/guarantees.md").flatMap(([what = "", limit = "", , constant = ""]) => {
    const [, file = "", name = ""] = /^`(src\/.+)` `(\w+)`$/.exec(constant) ?? [];
    return file === "" ? [] : [{ what, limit: Number(limit.replaceAll(",", "")), code: constantOf(file, name) }];
  });
  expect(limits.length).toBeGreaterThan(20);
  expect(limits.filter(({ limit, code }) => limit !== code)).toEqual([]);
});

/** ADRs tell of their day. */
const isCurrent = (page: string): boolean => !page.startsWith("docs/adr/");

const namedIn = (pattern: RegExp, pages: readonly string[]): [page: string, name: string][] =>
  pages.flatMap((page) => [...readPage(page).matchAll(pattern)].map(([, name = ""]): [string, string] => [page, name]));

/** As GitHub makes them of headings. */
const headingsOf = (page: string): string[] =>
  [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** A constant of products of whole numbers. */
function constantOf(file: string, name: string): number {
  const [, product = ""] = new RegExp(`const ${name} = ([\\d_ *]+);`).exec(readFileSync(file, "utf8")) ?? [];
  return product.split("*").reduce((value, factor) => value * Number(factor.replaceAll("_", "")), 1);
}
