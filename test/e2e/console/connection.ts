import { expect, test } from "@jest/globals";
import { changePrice, type GetRunning, openPage } from "./console-page.ts";
import { startRelay } from "./relay.ts";

export function connectionTests(running: GetRunning): void {
  test("a lost connection is said; when it is back, what was missed is there and nothing is lost", async () => {
    const { browser, service } = running();
    const relay = await startRelay(service.console);
    const page = await openPage(browser, []);
    await page.goto(`${relay.url}/#/live`);
    const list = page.getByRole("listbox", { name: "Events, newest first" });
    await list.getByText("green-tea").first().waitFor();
    await page.getByRole("searchbox", { name: "Entity" }).fill("green");
    relay.breakDown();
    await page.getByText("The connection to the service is lost.").waitFor();
    await changePrice(running(), "green-tea", 830);
    expect(await page.getByRole("searchbox", { name: "Entity" }).inputValue()).toBe("green");
    relay.heal();
    await page.getByText("The connection to the service is lost.").waitFor({ state: "detached" });
    await list.getByText("price 830 EUR").first().waitFor();
    await page.goto("about:blank");
    await relay.close();
  });

  test("what is not answered when the page opens is asked for again", async () => {
    const { browser, service } = running();
    const page = await openPage(browser, []);
    let refused = 0;
    await page.route(/operations\/(service|events\?)/, (route) => {
      refused += 1;
      return refused <= 4 ? route.abort() : route.continue();
    });
    await page.goto(service.console);
    await page.getByText("ProductService", { exact: true }).waitFor();
    await page.locator(".event-lines").getByText("green-tea").first().waitFor();
    expect(refused).toBeGreaterThan(4);
    await page.close();
  });
}
