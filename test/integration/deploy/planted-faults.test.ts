import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { checkTemplate } from "../../../scripts/package/check-template.ts";
import { packageService, validateTemplate } from "../../../scripts/package.ts";
import { ALARMS, API } from "../../support/plants/api-and-alarms.ts";
import { DATA } from "../../support/plants/data.ts";
import { FAILURES } from "../../support/plants/failures.ts";
import type { Resources } from "../../support/plants/plant.ts";
import { RIGHTS } from "../../support/plants/rights.ts";

const folder = mkdtempSync(join(tmpdir(), "package-"));
let packaged: { readonly Resources: Resources };
beforeAll(() => {
  packaged = JSON.parse(readFileSync(packageService(folder), "utf8")) as { Resources: Resources };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([...RIGHTS, ...DATA, ...FAILURES, ...API, ...ALARMS])("%s is found", (_, plant, found) => {
  const { Resources } = structuredClone(packaged);
  plant(Resources);
  const findings = checkTemplate({ Resources }).map(({ resource, message }) => `${resource}: ${message}`);
  expect(findings).toEqual(found);
});

test("AWS's validator finds in our resources what the framework's own are let off with", () => {
  const copy = structuredClone(packaged);
  delete copy.Resources.EventsTable.UpdateReplacePolicy;
  const file = join(folder, "planted.json");
  writeFileSync(file, JSON.stringify(copy));
  expect(validateTemplate(file).map(({ resource }) => resource)).toEqual(["EventsTable W3011"]);
});
