import { expect, test } from "@jest/globals";
import { changePrice, expectGoodLooks, type GetRunning, show } from "./console-page.ts";
import { plantPoison } from "./plant.ts";

export function projectionTests(running: GetRunning): void {
  test("a read model is rebuilt, verified, rolled back and a generation of it dropped, each after a question", async () => {
    const { page } = running();
    await show(page, "#/projections");
    await page.getByRole("link", { name: "product-price-history" }).click();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText(/rows? (is|are) as the events have them/).waitFor();

    await page.getByRole("button", { name: "Rebuild" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("All events are read again into a new generation.").waitFor();
    await dialog.getByRole("button", { name: "Rebuild" }).click();
    await page.getByText("product-price-history now serves generation 2.").waitFor();
    await page.getByRole("button", { name: "Roll back to 1" }).click();
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await page.getByText("product-price-history now serves generation 1.").waitFor();
    await page.getByRole("button", { name: "Drop 2" }).click();
    await dialog.getByText("are deleted").waitFor();
    await dialog.getByRole("button", { name: "Drop generation 2" }).click();
    await page.getByText("Generation 2 of product-price-history is dropped").waitFor({ timeout: 20_000 });
    await page.getByRole("button", { name: "Drop 2" }).waitFor({ state: "detached" });
  });

  test("rows are browsed, by list and partition", async () => {
    const { page } = running();
    await show(page, "#/projections/product-catalog");
    const rows = page.getByRole("region", { name: "Rows of the projection" });
    await rows.locator("tbody tr").first().waitFor();
    expect(await rows.locator("th").allInnerTexts()).toEqual([
      "productId",
      "status",
      "name",
      "description",
      "price",
      "categoryId",
      "createdAt",
      "updatedAt",
    ]);
    await page.getByLabel("List").selectOption("byName");
    await page.getByRole("button", { name: "all", exact: true }).click();
    await rows.getByText("Bulk 001").waitFor();
    await page.getByRole("button", { name: "Show more rows" }).click();
    await rows.getByText("Bulk 100").waitFor();
    await changePrice(running(), "green-tea", 790);
    await page.getByRole("button", { name: "Ascending" }).scrollIntoViewIfNeeded();
    expect(await rows.locator("tbody tr").count()).toBe(100);
    await page.getByRole("button", { name: "Ascending" }).click();
    await rows.locator("tbody tr").first().getByText("Sencha").waitFor();
    expect(page.url()).toContain("order=descending");
  });

  test("a parked entity is seen with its event and error, retried and skipped", async () => {
    const { page, service } = running();
    await plantPoison(service, "broken-tea");
    const parked = page.locator(".parked-entity", { hasText: "broken-tea #1" });
    await parked.getByText("row.price: Invalid input").first().waitFor();
    expect(await parked.innerText()).toMatch(/after 5 attempts/);
    await expectGoodLooks(page, "projection");
    await parked.getByRole("button", { name: "Retry" }).click();
    await page.getByText("broken-tea stays parked").waitFor();
    await parked.getByRole("button", { name: "Skip" }).click();
    await page.getByRole("dialog").getByText("as if it had not happened").waitFor();
    await page.getByRole("button", { name: "Skip the event" }).click();
    await page.getByText("broken-tea has caught up in product-catalog.").waitFor();
    await parked.waitFor({ state: "detached" });
    await show(page, "#/projections");
    await page
      .getByRole("row", { name: /category-tree/ })
      .getByRole("link", { name: "1", exact: true })
      .waitFor();
    await expectGoodLooks(page, "projections");
  });
}
