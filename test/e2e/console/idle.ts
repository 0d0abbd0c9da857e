import { expect, test } from "@jest/globals";
import type { Request } from "playwright-core";
import { until } from "../../support/until.ts";
import { changePrice, type GetRunning, show } from "./console-page.ts";

export function idleTests(running: GetRunning): void {
  test("while nothing happens nothing is asked, and one change is asked about until it is read everywhere", async () => {
    const { page } = running();
    const asked: { readonly time: number; readonly url: string }[] = [];
    const note = (request: Request): void => void asked.push({ time: Date.now(), url: request.url() });
    page.on("request", note);
    await show(page, "#/entities/green-tea");
    await changePrice(running(), "green-tea", 820);
    await until(() => {
      const last = asked.at(-1);
      return last && Date.now() - last.time > QUIET_MS ? true : undefined;
    }, "the page to be quiet");
    expect(asked.filter(({ url }) => url.endsWith("/operations/projections")).length).toBeLessThan(8);
    await page.locator(".cards .card", { hasText: "user-activity" }).getByText("up to date").waitFor();
    page.off("request", note);
  });
}

const QUIET_MS = 5_000;
