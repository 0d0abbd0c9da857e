import { expect, test } from "@jest/globals";
import { expectGoodLooks, type GetRunning, show } from "./console-page.ts";

export function paletteTests(running: GetRunning): void {
  test("the palette leads to any entity, projection and event type, by the keyboard alone", async () => {
    const { page } = running();
    await show(page, "#/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Control+k");
    const input = page.getByRole("combobox", { name: "Screen, entity, projection, event type or command" });
    await input.fill("green-t");
    await page.getByRole("option", { name: "green-tea Product" }).waitFor();
    await expectGoodLooks(page, "palette");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "green-tea" }).waitFor();

    await page.keyboard.press("/");
    await input.fill("price-hist");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "product-price-history" }).waitFor();
    await page.keyboard.press("Control+k");
    await input.fill("categorycreated");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Live" }).waitFor();
    expect(page.url()).toContain("type=CategoryCreated");
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "Costs" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Costs");
  });
}
