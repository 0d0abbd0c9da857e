import { expect, test } from "@jest/globals";
import { changePrice, expectGoodLooks, type GetRunning, send, show } from "./console-page.ts";
import { plantProducts } from "./plant.ts";

export function liveTests(running: GetRunning): void {
  test("events appear as they are appended, can be filtered and held, and open beside the list", async () => {
    const { page } = running();
    await show(page, "#/live");
    const list = page.getByRole("listbox", { name: "Events, newest first" });
    await list.getByText("CategoryCreated").waitFor();
    await page.getByLabel("Event type").selectOption("ProductRenamed");
    await page.waitForFunction(() => document.querySelectorAll(".list .row").length === 1);
    expect(page.url()).toContain("type=ProductRenamed");
    await page.getByRole("button", { name: "Clear filters" }).click();

    await page.getByRole("button", { name: "Pause" }).click();
    const before = await list.innerText();
    await send(running(), "/products/green-tea/describe", { description: "Steamed" });
    await page.getByText("Paused: 1 new event").waitFor();
    expect(await list.innerText()).toBe(before);
    await page.getByRole("button", { name: "Resume" }).click();
    await list.getByText("ProductDescribed").click();
    const panel = page.getByRole("complementary", { name: "Event green-tea#6" });
    await panel.getByText("Steamed").waitFor();
    await expectGoodLooks(page, "live");
    await panel.getByRole("button", { name: "Close the event" }).click();
  });

  test("focus, place and fetched pages stay while events come", async () => {
    const { page, service } = running();
    await plantProducts(service, 120);
    await page.waitForFunction(() => Number(document.querySelector(".list .row")?.getAttribute("aria-setsize")) > 120);
    await page.reload();
    await show(page, "#/live");
    const list = page.getByRole("listbox", { name: "Events, newest first" });
    const frame = page.locator(".list-frame");
    await list.getByText("bulk-").first().waitFor();
    await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByRole("button", { name: "Show older events" }).click();
    await page.getByText("These are the oldest events.").waitFor();
    await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await list.getByText("green-tea #1", { exact: true }).waitFor();
    const count = await list.getByRole("option").first().getAttribute("aria-setsize");
    await list.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    const place = await frame.evaluate((element) => element.scrollTop);
    const active = await list.getAttribute("aria-activedescendant");
    for (let amount = 0; amount < 10; amount += 1) await changePrice(running(), "green-tea", 700 + amount);
    await page.getByText("10 new events above").waitFor();
    expect(await frame.evaluate((element) => element.scrollTop)).toBe(place);
    expect(await list.getAttribute("aria-activedescendant")).toBe(active);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("listbox");
    expect(await list.getByRole("option").first().getAttribute("aria-setsize")).toBe(count);
    await page.getByRole("button", { name: "10 new events above" }).click();
    await list.getByText("green-tea #16", { exact: true }).waitFor();
  });
}
