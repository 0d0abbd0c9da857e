import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { problemOf } from "../../../src/http/problem.ts";
import { rowsOf } from "./pages.ts";

const CATALOGUE = rowsOf("docs/errors.md").flatMap(([code = "", name = "", , http = ""]) =>
  code.startsWith("`") ? [{ code: code.replaceAll("`", ""), name: name.replaceAll("`", ""), http }] : [],
);

test("the error catalogue has every code of src with its class, and no other", () => {
  const documented = CATALOGUE.map(({ code, name }) => `${code} ${name}`);
  expect(documented.sort()).toEqual(codesOf("src").sort());
});

test("the error catalogue says the status with which the API answers", () => {
  for (const { code, name, http } of CATALOGUE) {
    const { status } = problemOf(Object.assign(new Error("x"), { code }), false);
    const expected = status === 500 ? ["500", "–"] : [String(status)];
    expect({ code, name, isRight: expected.some((one) => http.startsWith(one)) }).toEqual({
      code,
      name,
      isRight: true,
    });
  }
});

/** Every `readonly code = "…"` with the class that it stands in. */
function codesOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  return files.flatMap((file) => {
    const source = readFileSync(join(folder, file), "utf8");
    return [...source.matchAll(/readonly code = "([A-Z_]+)"/g)].map(({ index, 1: code }) => {
      const classes = [...source.slice(0, index).matchAll(/class (\w+)/g)];
      return `${code} ${classes.at(-1)?.[1]}`;
    });
  });
}
