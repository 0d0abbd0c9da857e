import { expect, test } from "@jest/globals";
import { call } from "../../support/service.ts";
import { changePrice, expectGoodLooks, type GetRunning, send, show } from "./console-page.ts";

export function entityTests(running: GetRunning): void {
  test("an entity has its events, the state at each version, what each changed, and its rows", async () => {
    const { page } = running();
    await send(running(), "/products/green-tea/rename", { name: "Sencha" }, { "x-correlation-id": "spring" });
    await send(running(), "/categories", { categoryId: "teas", name: "Teas" }, { "x-correlation-id": "spring" });
    await changePrice(running(), "green-tea", 500);
    await show(page, "#/entities/green-tea");
    await page.getByText("Version 3, no snapshots, all events on the bus").waitFor();
    await page.getByRole("option", { name: /ProductRenamed/ }).click();
    await page.getByRole("heading", { name: "Version 2 ProductRenamed" }).waitFor();
    const changes = page.locator(".changes");
    await changes.getByText("Sencha").waitFor();
    expect(await changes.innerText()).toMatch(/name\s+before:\s+Green tea\s+→\s+after:\s+Sencha/);
    await page.locator(".chain").getByText("CategoryCreated").waitFor();

    await page.getByRole("slider", { name: "Version" }).press("ArrowLeft");
    await page.getByRole("heading", { name: "Version 1 ProductCreated" }).waitFor();
    expect(page.url()).toContain("version=1");
    const keys = page.locator(".state-columns > div").nth(1).locator(".key");
    await page.waitForFunction(() => document.querySelector(".state-columns")?.getAttribute("aria-busy") === "false");
    expect(await keys.allInnerTexts()).toEqual([
      "status",
      "name",
      "description",
      "price",
      "amount",
      "currency",
      "categoryId",
    ]);
    for (const name of ["product-catalog", "product-price-history", "category-tree", "user-activity"])
      await page.locator(".cards .card", { hasText: name }).getByText("up to date").waitFor();
    await page.locator("summary", { hasText: "On the bus" }).click();
    await page.locator(".version-card").getByText("sequenceNumber").first().waitFor();
    await expectGoodLooks(page, "entity");
  });

  test("a command is sent by a form; a change that somebody else made first is not overwritten", async () => {
    const { page, service } = running();
    await show(page, "#/entities/green-tea");
    await page.getByRole("button", { name: "Send a command" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Command").selectOption("ChangePrice");
    expect(await dialog.getByLabel("Amount").inputValue()).toBe("500");
    await dialog.getByLabel("Amount").fill("600");
    await changePrice(running(), "green-tea", 999);
    await dialog.getByRole("button", { name: "Change price" }).click();
    await dialog.getByText("was expected at version 3 and is at 4").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("heading", { name: "Version 4 PriceUpdated" }).waitFor();
    expect((await call("GET", `${service.api}/products/green-tea?atLeastVersion=4`)).body.price.amount).toBe(999);

    await page.getByRole("button", { name: "Send a command" }).click();
    await dialog.getByLabel("Command").selectOption("ChangePrice");
    await dialog.getByLabel("Amount").fill("600");
    await dialog.getByLabel("Currency").fill("EURO");
    await dialog.getByRole("button", { name: "Change price" }).click();
    expect(await dialog.getByLabel("Currency").evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false);
    await dialog.getByLabel("Currency").fill("EUR");
    await dialog.getByRole("button", { name: "Change price" }).click();
    await page.getByText("PriceUpdated stored: green-tea is at version 5.").waitFor();
    await page.getByRole("heading", { name: "Version 5 PriceUpdated" }).waitFor();
  });

  test("there is a way on from an id that nothing has", async () => {
    const { page } = running();
    await show(page, "#/entities");
    await page.getByLabel("Entity id").fill("nothing");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("There is no entity with this id").waitFor();
    await show(page, "#/entities");
    await page.getByRole("cell", { name: "teas" }).waitFor();
    await expectGoodLooks(page, "entities");
  });
}
