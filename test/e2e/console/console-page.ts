import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { call, type RunningService } from "../../support/service.ts";

/** What the tests of the screens share. */
export interface Running {
  readonly service: RunningService;
  readonly browser: Browser;
  readonly page: Page;
}

/** Told once the service and the page are there; tests are declared before. */
export type GetRunning = () => Running;

export async function openPage(browser: Browser, errors: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: WIDE, locale: "en-GB", colorScheme: "light" });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  return page;
}

export const show = (page: Page, hash: string): Promise<void> =>
  page.evaluate((next) => {
    location.hash = next;
  }, hash);

/** A command, as anybody sends one. */
export async function send(
  { service }: Pick<Running, "service">,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<void> {
  const { status, body: answer } = await call("POST", `${service.api}${path}`, body, headers);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
}

export const changePrice = (running: Pick<Running, "service">, productId: string, amount: number): Promise<void> =>
  send(running, `/products/${productId}/change-price`, { price: { amount, currency: "EUR" } });

/** Readable in both themes, for eyes and for readers, and no wider than a phone. Leaves a picture of each behind. */
export async function expectGoodLooks(page: Page, name: string): Promise<void> {
  await expectAccessible(page, `${name}, light`);
  await picture(page, `${name}-1280-light`);
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await expectAccessible(page, `${name}, dark`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect({ name, overflow }).toEqual({ name, overflow: 0 });
  await picture(page, `${name}-390-dark`);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

async function expectAccessible(page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ["violations"],
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" ")}`);
  });
  expect({ name, found }).toEqual({ name, found: [] });
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  writeFileSync(join(ARTIFACTS, `console-${name}.png`), await page.screenshot({ animations: "disabled" }));
}

const ARTIFACTS = join(process.cwd(), "artifacts");
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
