import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { call, newFolder, type RunningService, removeFolder, startService } from "../support/service.ts";

const folder = newFolder();
let service: RunningService;
let browser: Browser;
let page: Page;
const errors: string[] = [];
beforeAll(async () => {
  service = await startService(folder);
  browser = await launchBrowser();
  page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(service.console);
});
afterAll(async () => {
  await browser?.close();
  await service?.interrupt();
  removeFolder(folder);
});

test("a product that is created shows its event, then its row; a change of price makes the next version", async () => {
  await page.getByLabel("Name").fill("Green tea");
  await page.locator("#create [name=amount]").fill("450");
  await page.getByRole("button", { name: "Create product" }).click();
  await page.getByText("ProductCreated stored at version 1").waitFor();
  await page.locator("#products").getByText("Green tea").waitFor();
  await page.locator("#row-version", { hasText: "1" }).waitFor();

  await page.locator("#change-price [name=amount]").fill("500");
  await page.getByRole("button", { name: "Change price" }).click();
  await page.getByText("PriceUpdated stored at version 2").waitFor();
  await page.locator("#products").getByText("€5.00").waitFor();
  const events = await page.locator("#events li").allInnerTexts();
  expect(events.map((text) => text.split(" ")[0])).toEqual(["PriceUpdated", "ProductCreated"]);
  await page.locator("#projections tr", { hasText: "product-catalog" }).waitFor();
});

test("a change that somebody else made first is not overwritten", async () => {
  const { body } = await call("GET", `${service.api}/products`);
  const { productId } = body.rows[0];
  await page.route("**/change-price", async (route) => {
    await call("POST", `${service.api}/products/${productId}/change-price`, {
      price: { amount: 999, currency: "EUR" },
    });
    await route.continue();
  });
  await page.locator("#change-price [name=amount]").fill("600");
  await page.getByRole("button", { name: "Change price" }).click();
  await page.getByText("was expected at version 2 and is at 3").waitFor();
  expect((await call("GET", `${service.api}/products/${productId}?atLeastVersion=3`)).body.price.amount).toBe(999);
  expect(errors).toEqual([]);
});
