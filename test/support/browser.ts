import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** A real browser without a window, which keeps pages apart as people's browsers do. */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  const executablePath = await chromium.executablePath();
  const own = chromium.args.filter((arg) => arg !== "--disable-web-security");
  return playwright.launch({ executablePath, args: [...own, ...args], headless: true });
}
