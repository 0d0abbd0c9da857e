import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { checkTemplate } from "../../../scripts/package/check-template.ts";
import { readTemplate, validateTemplate } from "../../../scripts/package.ts";
import { startOffline } from "../../support/package/offline.ts";
import { bin, install, type Packed } from "../../support/package/packed.ts";
import { call } from "../../support/service.ts";
import { until } from "../../support/until.ts";

/** What a second team does in its afternoon, in a folder with nothing but the package, from the tarball alone. */
export function describeNewService(packed: () => Packed): void {
  describe("a new service", () => {
    let folder: string;
    const streamfold = (...args: string[]) => bin("streamfold", args, args[0] === "init" ? packed().installed : folder);
    beforeAll(() => {
      streamfold("init", "my-service", "--library", `file:${packed().tarball}`);
      folder = join(packed().installed, "my-service");
      install(folder, packed());
    }, 60_000);

    test("is written once: init and add overwrite nothing", () => {
      const before = readFileSync(join(folder, "src/service.ts"), "utf8");
      expect(() => streamfold("init", "my-service")).toThrow(/nothing was written: there is something in .*my-service/);
      const present = /nothing was written: src\/aggregates\/task.ts, test\/task.test.ts are there already/;
      expect(() => streamfold("add", "aggregate", "Task")).toThrow(present);
      expect(readFileSync(join(folder, "src/service.ts"), "utf8")).toBe(before);
    });

    test("starts offline: a command is answered, its row is there, its event is published, its console is served", async () => {
      const run = await startOffline(folder);
      try {
        const created = await call("POST", `${run.api}/tasks`, { taskId: "t-1", title: "Write" });
        expect([created.status, created.body]).toEqual([201, expect.objectContaining({ entityId: "t-1", version: 1 })]);
        const row = await until(async () => {
          const { status, body } = await call("GET", `${run.api}/tasks/t-1`);
          return status === 200 ? body : undefined;
        }, "the row");
        expect(row).toMatchObject({ title: "Write", status: "open" });
        const list = await call("GET", `${run.api}/tasks`);
        expect(list.body.rows).toEqual([expect.objectContaining({ title: "Write" })]);
        const [event] = await until(() => (run.published().length > 0 ? run.published() : undefined), "the event");
        expect(event).toMatchObject({
          source: "my-service",
          "detail-type": "TaskCreated",
          detail: { entityId: "t-1", sequenceNumber: 1, data: { title: "Write" } },
        });
        expect(await (await fetch(run.console)).text()).toContain("<title>");
      } finally {
        expect(await run.stop()).toBe(0);
      }
    });

    test("passes its tests in Jest's CommonJS and as ES modules, and the compiler", () => {
      bin("jest", [], folder);
      const { jest } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { jest: object };
      const modules = JSON.stringify({ ...jest, extensionsToTreatAsEsm: [".ts"] });
      bin("jest", ["--config", modules], folder, { NODE_OPTIONS: "--experimental-vm-modules" });
      bin("tsc", [], folder);
    });

    test("is packaged as it is, and neither AWS's validator nor the check of rights finds anything", () => {
      const target = join(folder, ".serverless");
      bin("serverless", ["package", "--package", target], folder);
      const path = join(target, "cloudformation-template-update-stack.json");
      expect(validateTemplate(path)).toEqual([]);
      expect(checkTemplate(readTemplate(path))).toEqual([]);
    });

    test("grows by an aggregate and a projection, with their tests", () => {
      expect(streamfold("add", "aggregate", "credit-note")).toContain("aggregates: { …, creditNotes: creditNote }");
      const service = readFileSync(join(folder, "src/service.ts"), "utf8");
      const withNotes = service
        .replace("\n\n", '\nimport { creditNote } from "./aggregates/credit-note.ts";\n\n')
        .replace("{ tasks: task }", "{ tasks: task, creditNotes: creditNote }");
      writeFileSync(join(folder, "src/service.ts"), withNotes);
      expect(() => streamfold("add", "projection", "note-changes")).toThrow("--of: expected one of Task, CreditNote");
      const told = streamfold("add", "projection", "note-changes", "--of", "CreditNote");
      expect(told).toContain("projections: […, noteChanges]");
      const withChanges = withNotes
        .replace("\n\n", '\nimport { noteChanges } from "./projections/note-changes.ts";\n\n')
        .replace("[taskList]", "[taskList, noteChanges]");
      writeFileSync(join(folder, "src/service.ts"), withChanges);
      bin("tsc", [], folder);
      bin("jest", ["credit-note", "note-changes"], folder);
    });
  });
}
