import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { launchBrowser } from "../../support/browser.ts";
import { newFolder, removeFolder, startService } from "../../support/service.ts";
import { busTests } from "./bus.ts";
import { connectionTests } from "./connection.ts";
import { openPage, type Running } from "./console-page.ts";
import { costsTests } from "./costs.ts";
import { entityTests } from "./entity.ts";
import { idleTests } from "./idle.ts";
import { liveTests } from "./live.ts";
import { loadTests } from "./load.ts";
import { overviewTests } from "./overview.ts";
import { paletteTests } from "./palette.ts";
import { plantDeadLetter } from "./plant.ts";
import { projectionTests } from "./projections.ts";

/** One service and one page for all screens; each file beside this one has the tests of one of them. */
const folder = newFolder();
const errors: string[] = [];
let running: Running;

beforeAll(async () => {
  plantDeadLetter(folder, "green-tea");
  const [service, browser] = await Promise.all([startService(folder), launchBrowser()]);
  const page = await openPage(browser, errors);
  running = { service, browser, page };
  const answers: string[] = [];
  page.on("response", (answer) => void answers.push(`${answer.status()} ${answer.url()}`));
  page.on("requestfailed", (request) => void answers.push(`${request.failure()?.errorText} ${request.url()}`));
  await page.goto(service.console);
  await page
    .getByText("ProductService", { exact: true })
    .waitFor({ timeout: 60_000 })
    .catch(async (error: Error) => {
      throw new Error(`${error.message}\n${answers.join("\n")}\n${await page.content()}`);
    });
  page.removeAllListeners("response");
  page.removeAllListeners("requestfailed");
}, 120_000);

afterAll(async () => {
  await running?.browser.close();
  await running?.service.interrupt();
  removeFolder(folder);
});

const getRunning = (): Running => running;
overviewTests(getRunning);
entityTests(getRunning);
liveTests(getRunning);
projectionTests(getRunning);
busTests(getRunning);
costsTests(getRunning);
paletteTests(getRunning);
idleTests(getRunning);
connectionTests(getRunning);
loadTests(getRunning);

test("nothing went wrong in the page meanwhile", () => {
  expect(errors).toEqual([]);
});
