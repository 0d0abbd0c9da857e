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
    await page.evaluate(watchFrames);
    const { sent, starvedMs } = await tellForSeconds(relay, SECONDS);
    await list
      .getByText(`load-${sent % ENTITIES} #`)
      .first()
      .waitFor();
    const frames = await page.evaluate(() => (globalThis as unknown as { readonly frames: number[] }).frames);
    expect(frames.length).toBeGreaterThan(SECONDS * 15);
    expect(frames.filter((milliseconds) => milliseconds > FREEZE_MS + starvedMs)).toEqual([]);
    expect(frames.filter((milliseconds) => milliseconds > SMOOTH_MS).length).toBeLessThan(frames.length / 10);
    expect(Number(await list.getByRole("option").first().getAttribute("aria-setsize"))).toBeGreaterThan(sent);
    const session = await page.context().newCDPSession(page);
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
const SMOOTH_MS = 100;

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

/** @returns how many, and for how long this process itself had to wait for its turn, on a machine that others use too */
async function tellForSeconds(relay: Relay, seconds: number) {
  let sent = 0;
  let starvedMs = 0;
  const begin = Date.now();
  while (Date.now() - begin < seconds * 1_000) {
    const due = Math.floor(((Date.now() - begin) / 1_000) * PER_SECOND) - sent;
    const events = Array.from({ length: due }, (_, index) => made(sent + index + 1));
    sent += due;
    if (due > 0) relay.tell("appended", { events });
    const before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, EACH_MS));
    starvedMs = Math.max(starvedMs, Date.now() - before - EACH_MS);
  }
  return { sent, starvedMs };
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
