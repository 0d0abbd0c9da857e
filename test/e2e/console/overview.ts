import { expect, test } from "@jest/globals";
import { expectGoodLooks, type GetRunning, show } from "./console-page.ts";

export function overviewTests(running: GetRunning): void {
  test("an empty service says what to do; the first command is sent from there, and its way is seen", async () => {
    const { page } = running();
    await page.getByText("There are no events yet").waitFor();
    await page.getByRole("button", { name: "Create product" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Product id").fill("green-tea");
    await dialog.getByLabel("Name").fill("Green tea");
    await dialog.getByLabel("Amount").fill("450");
    await dialog.getByLabel("Currency").fill("EUR");
    await dialog.getByRole("button", { name: "Create product" }).click();
    await page.getByText("ProductCreated stored: green-tea is at version 1.").waitFor();
    await page.getByRole("heading", { name: "green-tea" }).waitFor();

    await show(page, "#/");
    const flow = page.getByLabel("The way of an event, over the last five minutes");
    for (const text of ["1 event stored", "1 event put on the bus"]) await flow.getByText(text).waitFor();
    await page.getByText("Every read model and the bus are up to date.").waitFor();
    expect(await page.locator(".event-lines").innerText()).toContain("green-tea #1");
  });

  test("what is a dead letter stands in red, with the way to it", async () => {
    const { page } = running();
    await page.getByRole("heading", { name: "Needs you" }).waitFor();
    await expectGoodLooks(page, "overview");
    await page.getByRole("link", { name: "1 dead letter in ProductService-BusProjectorDeadLetters" }).click();
    await page.getByRole("button", { name: "Hide messages" }).waitFor();
  });
}
