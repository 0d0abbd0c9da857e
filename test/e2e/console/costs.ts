import { expect, test } from "@jest/globals";
import { changePrice, expectGoodLooks, type GetRunning, show } from "./console-page.ts";

export function costsTests(running: GetRunning): void {
  test("requests and units are counted by operation, and cost what AWS asks for them", async () => {
    const { page } = running();
    await show(page, "#/costs");
    const table = page.getByRole("region", { name: "Requests by function and operation" });
    await table.getByText("api", { exact: false }).first().waitFor();
    const requests = page.locator(".figure", { hasText: "Requests" }).locator("dd");
    const before = Number.parseInt((await requests.innerText()).replaceAll(",", ""), 10);
    expect(before).toBeGreaterThan(100);
    await changePrice(running(), "green-tea", 810);
    await page.waitForFunction(
      (least) =>
        [...document.querySelectorAll(".figure")].some(
          (figure) =>
            figure.textContent?.startsWith("Requests") &&
            Number.parseInt(figure.querySelector("dd")?.textContent?.replaceAll(",", "") ?? "0", 10) > least,
        ),
      before,
    );
    expect(await page.locator(".figure.main dd").innerText()).toMatch(/^\$\d/);
    await expectGoodLooks(page, "costs");
  });
}
