import { expect, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { launchBrowser } from "../../support/browser.ts";
import { type GetRunning, openPage } from "./console-page.ts";
import { type Relay, startRelay } from "./relay.ts";

export function loadTests(running: GetRunning): void {
  test("200 events a second are shown without freezing, in less than 200 MB", async () => {
    const { service } = running();
    const relay = await startRelay(service.console);
    // A process of its own: the pages of one browser share a thread here.
    const browser = await launchBrowser();
    const page = await openPage(browser, []);
    await page.goto(`${relay.url}/#/live`);
    const list = page.getByRole("listbox", { name: "Events, newest first" });
    await list.getByText("green-tea").first().waitFor();
    relay.tell("appended", { events: [made(0)] });
    await list.getByText("load-0").waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const busySeconds = async (): Promise<number> => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    };
    const busyBefore = await busySeconds();
    await page.evaluate(watchFrames);
    const sent = await tellForSeconds(relay, SECONDS);
    await list
      .getByText(`load-${sent % ENTITIES} #`)
      .first()
      .waitFor();
    // The processor time of the page's thread says whether it keeps up; how long a frame took, only how busy the machine was.
    const busy = (await busySeconds()) - busyBefore;
    expect(busy).toBeGreaterThan(0);
    expect(busy).toBeLessThan(SECONDS * MOST_BUSY);
    const frames = await page.evaluate(() => (globalThis as unknown as { readonly frames: number[] }).frames);
    expect(frames.length).toBeGreaterThan(SECONDS);
    const longest = Math.round(Math.max(...frames));
    if (longest > FREEZE_MS)
      console.warn(`the longest frame took ${longest} ms, with ${busy} s of processor time in all`);
    expect(Number(await list.getByRole("option").first().getAttribute("aria-setsize"))).toBeGreaterThan(sent);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    expect(usedSize / 2 ** 20).toBeLessThan(200);
    await browser.close();
    await relay.close();
  });
}

const SECONDS = 5;
const PER_SECOND = 200;
const EACH_MS = 50;
const ENTITIES = 50;
const FREEZE_MS = 1_000;
/** Share of one processor. */
const MOST_BUSY = 0.8;

function watchFrames(): void {
  const frames: number[] = [];
  (globalThis as unknown as { frames: number[] }).frames = frames;
  let last = performance.now();
  const next = (now: number): void => {
    frames.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}

/** @returns how many */
async function tellForSeconds(relay: Relay, seconds: number): Promise<number> {
  let sent = 0;
  const begin = Date.now();
  while (Date.now() - begin < seconds * 1_000) {
    const due = Math.floor(((Date.now() - begin) / 1_000) * PER_SECOND) - sent;
    const events = Array.from({ length: due }, (_, index) => made(sent + index + 1));
    sent += due;
    if (due > 0) relay.tell("appended", { events });
    await new Promise((resolve) => setTimeout(resolve, EACH_MS));
  }
  return sent;
}

const made = (number: number): StoredEvent => ({
  entityId: `load-${number % ENTITIES}`,
  sequenceNumber: Math.ceil(number / ENTITIES),
  eventId: `load-event-${number}`,
  eventType: "PriceUpdated",
  eventTime: new Date().toISOString(),
  eventData: { price: { amount: number, currency: "EUR" }, previousPrice: { amount: number - 1, currency: "EUR" } },
  version: "1.0",
  userId: "load",
  correlationId: `load-${number}`,
  aggregateType: "Product",
});
