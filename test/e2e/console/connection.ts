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
}
