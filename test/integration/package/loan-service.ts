import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startOffline } from "../../support/package/offline.ts";
import type { Packed } from "../../support/package/packed.ts";
import { call } from "../../support/service.ts";
import { until } from "../../support/until.ts";

const source = fileURLToPath(new URL("../library/service", import.meta.url));

/** The loan service by itself, with the installed packages of the new service: what it imports from the sources here, it imports from the tarball there. */
export function describeLoanService(packed: () => Packed): void {
  describe("the loan service", () => {
    const folder = mkdtempSync(join(tmpdir(), "streamfold-loans-"));
    beforeAll(() => {
      cpSync(source, folder, { recursive: true });
      for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".ts"),
      ))
        writeFileSync(join(folder, file), fromPackage(readFileSync(join(folder, file), "utf8")));
      symlinkSync(join(packed().installed, "my-service/node_modules"), join(folder, "node_modules"));
    }, 60_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("runs offline from the tarball alone: a book is lent, and the shelf and the bus say so", async () => {
      const run = await startOffline(folder);
      const post = (path: string, body: object) => call("POST", `${run.api}${path}`, body);
      try {
        const lent = { bookId: "b-1", memberId: "m-1", due: "2026-03-01T00:00:00Z" };
        const answers = [
          await post("/books/b-1/add", { title: "Emma", copies: 2 }),
          await post("/members/m-1/register", { name: "Ann" }),
          await post("/loans/l-1/open", lent),
        ];
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
        const shelf = await until(async () => {
          const { body } = await call("GET", `${run.api}/shelf`);
          return JSON.stringify(body).includes('"available":1') ? body : undefined;
        }, "the shelf to have one copy less");
        expect(shelf.rows).toEqual([{ available: 1 }]);
        const types = () => run.published().map((event) => event["detail-type"]);
        await until(() => (types().length === 3 ? true : undefined), "the events on the bus");
        expect(types().sort()).toEqual(["BookAdded", "LoanOpened", "MemberRegistered"]);
      } finally {
        expect(await run.stop()).toBe(0);
      }
    });
  });
}

const fromPackage = (text: string): string =>
  text.replaceAll(/"(?:\.\.\/)+src\/(\w+)\.ts"/g, (_, face: string) =>
    face === "index" ? '"streamfold"' : `"streamfold/${face}"`,
  );
