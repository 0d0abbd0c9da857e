import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTables } from "../../../src/local/tables.ts";
import { serviceDefinition } from "../../support/engine.ts";
import { run } from "./command-line.ts";
import { type LocalStage, startLocalStage } from "./local-stage.ts";

/** Another package: its service is TypeScript, and declared with another copy of the library than the command's. */
const folder = join(process.cwd(), "test/integration/cli/library");
const cache = join(folder, "node_modules/.cache/streamfold");

let stage: LocalStage;
beforeAll(async () => {
  stage = await startLocalStage("Library-dev");
  const tables = JSON.parse(JSON.stringify(serviceDefinition().tables).replaceAll("ProductService", "Library-dev"));
  await createTables(stage.engine.client, tables);
});
afterAll(async () => {
  await stage.stop();
  rmSync(join(folder, "node_modules"), { recursive: true, force: true });
});

const streamfold = (...args: string[]) => run(args, { folder, env: stage.env });

test("the library's books are lent, shown, rebuilt, verified, published, exported and imported", async () => {
  const old = { entityId: "b-1", eventType: "BookAdded", version: "1.0", data: { title: "Emma" } };
  const file = join(stage.folder, "old.jsonl");
  writeFileSync(file, `${JSON.stringify(old)}\n`);
  expect(await streamfold("import", file)).toMatchObject({ code: 0, out: expect.stringMatching(/^1 events imported/) });
  const lend = await streamfold("send", "OpenLoan", "l-1", "--data", '{"bookId":"b-1","memberId":"m-1"}');
  expect(lend.out).toBe("l-1 is at version 1: LoanOpened\n");
  expect((await streamfold("rebuild", "--all")).out).toBe(
    "generation 2 of books is served\ngeneration 2 of shelf is served\n",
  );
  expect((await streamfold("verify", "--all")).out).toMatch(
    /^books: 1 rows, 0 differences.*\nshelf: 1 rows, 0 differences/,
  );
  // The event of the older version is read as the one of today.
  const shown = JSON.parse((await streamfold("show", "b-1", "--json")).out);
  expect(shown).toMatchObject({ aggregateType: "Book", state: { title: "Emma" }, published: 1 });
  expect(shown.readModels[0].rows).toEqual([{ title: "Emma", copies: 1 }]);
  expect((await streamfold("publish", "--missing")).out).toBe("1 events published, 0 entities failed\n");
  expect(stage.published()).toEqual(["l-1 #1"]);
  const lines = (await streamfold("export")).out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ entityId: "b-1", version: "1.0", data: { title: "Emma" } }));
  const doctor = await streamfold("doctor");
  expect([doctor.code, doctor.out]).toEqual([
    0,
    expect.stringMatching(/\nok +service +Library: Book, Loan; 2 projections\n/),
  ]);
  const typo = await streamfold("verify", "shelv");
  expect(typo).toEqual({
    code: 2,
    out: "",
    err: expect.stringContaining("there is no projection shelv; did you mean shelf?"),
  });
  expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
});

test("a declaration that does not compile is told with its place", async () => {
  const broken = join(stage.folder, "broken.ts");
  writeFileSync(broken, "export const broken = ;\n");
  const { code, err } = await streamfold("projections", "--service", `${broken}#broken`);
  expect([code, err]).toEqual([2, expect.stringMatching(/broken\.ts could not be loaded: .*broken\.ts:1:22/s)]);
});
