import { expect, test } from "@jest/globals";
import { changePrice, expectGoodLooks, type GetRunning, show } from "./console-page.ts";

export function busTests(running: GetRunning): void {
  test("what is published is seen with its rules, and a pattern is tried against it", async () => {
    const { page } = running();
    await show(page, "#/bus");
    await changePrice(running(), "green-tea", 800);
    await page.locator(".published").getByText("→ BusProjectorRule").first().waitFor();
    const text = page.getByLabel("Event pattern, as JSON");
    await text.fill('{ "detail-type": ["CategoryCreated"] }');
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText(/It matches 1 of \d+ events\./).waitFor();
    await text.fill('{ "detail-type": "CategoryCreated" }');
    await page.getByRole("button", { name: "Try it" }).click();
    await page.locator("#pattern-error").waitFor();
    await text.fill("{");
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("This is no JSON").waitFor();
    await expectGoodLooks(page, "bus");
  });

  test("a dead letter is looked at and sent again", async () => {
    const { page } = running();
    const row = page.getByRole("row", { name: /BusProjectorDeadLetters/ });
    await row.getByRole("button", { name: "Show messages" }).click();
    await page.getByText("received 0 times").click();
    await page.locator(".messages").getByText("green-tea", { exact: true }).waitFor();
    await row.getByRole("button", { name: "Redrive" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("back to ProductService-BusProjectorQueue").waitFor();
    await dialog.getByRole("button", { name: "Redrive" }).click();
    await page.getByText("1 dead letter was sent again").waitFor();
    await row.getByRole("cell", { name: "0", exact: true }).waitFor();
    expect(await page.locator(".sidebar .alarm", { hasText: "dead letters" }).count()).toBe(0);
  });
}
