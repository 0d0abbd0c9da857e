import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { findRun } from "../src/local/run-file.ts";
import { decimalAmount, type Money } from "../src/product/index.ts";
import { type Expected, expectedOf, type Price, productOf, readPrices, rowsAfter } from "./demo/prices.ts";

interface Service {
  readonly api: string;
  readonly bus: string;
}

/** Of the prices in the package. */
const CURRENCY = "USD";
const CATEGORY = "stocks";

/** The same row gives the same key on every run, so that a row sent again is recognised. */
const keyOf = (price: Price, step: string): string =>
  createHash("sha256").update(`${price.symbol} ${price.date} ${step}`).digest("hex").slice(0, 32);

interface Accepted {
  readonly version: number;
  readonly events: readonly string[];
}

async function post(service: Service, path: string, body: object, key: string): Promise<Accepted | undefined> {
  const response = await fetch(`${service.api}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, "x-user-id": "demo" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Accepted & { readonly reason?: string; readonly detail?: string };
  if (response.ok) return answer;
  if (answer.reason?.endsWith("-exists")) return undefined;
  throw new Error(`POST ${path} answered ${response.status}: ${answer.detail}`);
}

async function get<T>(url: string): Promise<T | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
  return (await response.json()) as T;
}

/** Sends a product's rows in order; answers how many events were stored. */
async function sendRows(service: Service, prices: readonly Price[], isNew: boolean, tick: () => void): Promise<number> {
  let stored = 0;
  for (const [index, price] of prices.entries()) {
    const id = productOf(price);
    const money = { amount: price.amount, currency: CURRENCY };
    const accepted =
      isNew && index === 0
        ? await post(
            service,
            "/products",
            { productId: id, name: price.symbol, price: money, categoryId: CATEGORY },
            keyOf(price, "create"),
          )
        : await post(service, `/products/${id}/change-price`, { price: money }, keyOf(price, "price"));
    stored += accepted?.events.length ?? 0;
    tick();
  }
  return stored;
}

/** The version of a product by its events; a run before this one may have sent a part. */
async function versionOf(service: Service, productId: string): Promise<number> {
  const found = await get<{ events: unknown[] }>(`${service.api}/entities/${productId}/events?limit=1000`);
  return found?.events.length ?? 0;
}

export interface DemoRow {
  readonly product: string;
  readonly sent: number;
  /** Rows of the file that change the price: the same price again is no event. */
  readonly changes: number;
  readonly version: number;
  readonly latestPrice: string;
  readonly historyRows: number;
  readonly snapshotVersion: number | string;
  readonly busEvents: number;
}

async function countHistory(service: Service, productId: string): Promise<number> {
  let rows = 0;
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? "" : `&cursor=${cursor}`;
    const page = await get<{ rows: unknown[]; cursor?: string }>(
      `${service.api}/products/${productId}/price-history?limit=200${more}`,
    );
    rows += page?.rows.length ?? 0;
    cursor = page?.cursor;
  } while (cursor !== undefined);
  return rows;
}

interface BusEvent {
  readonly event: { readonly detail: { readonly entityId?: string; readonly eventId?: string } };
}

/** Events on the bus by entity, each counted once however often it was delivered. */
async function countBusEvents(service: Service): Promise<Map<string, number>> {
  const archive = await get<{ events: BusEvent[] }>(`${service.bus}/archive`);
  const ids = new Map<string, Set<string>>();
  for (const { event } of archive?.events ?? []) {
    const { entityId, eventId } = event.detail;
    if (entityId === undefined || eventId === undefined) continue;
    ids.set(entityId, (ids.get(entityId) ?? new Set()).add(eventId));
  }
  return new Map([...ids].map(([entityId, events]) => [entityId, events.size]));
}

async function readRow(
  service: Service,
  { productId, sent, changes }: Expected,
  bus: ReadonlyMap<string, number>,
): Promise<DemoRow> {
  const product = await get<{ version: number; price: Money }>(`${service.api}/products/${productId}`);
  const snapshot = await get<{ version: number }>(`${service.api}/entities/${productId}/snapshots`);
  return {
    product: productId,
    sent,
    changes,
    version: product?.version ?? 0,
    latestPrice: product ? decimalAmount(product.price) : "none",
    historyRows: await countHistory(service, productId),
    snapshotVersion: snapshot?.version ?? "none",
    busEvents: bus.get(productId) ?? 0,
  };
}

const SNAPSHOT_EVERY = 100;

function isCaughtUp(row: DemoRow, { changes, latest }: Expected): boolean {
  const snapshotIsMade = changes < SNAPSHOT_EVERY || Number(row.snapshotVersion) >= SNAPSHOT_EVERY;
  const isProjected =
    row.version === changes &&
    row.historyRows === changes &&
    row.latestPrice === decimalAmount({ amount: latest, currency: CURRENCY });
  return snapshotIsMade && isProjected && row.busEvents === changes;
}

/** Looks until read models, snapshots and bus have caught up, or the time is over. */
async function waitForRows(
  service: Service,
  products: readonly Expected[],
  timeoutMs: number,
): Promise<{ rows: DemoRow[]; isEqual: boolean }> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const bus = await countBusEvents(service);
    const rows = await Promise.all(products.map((product) => readRow(service, product, bus)));
    const isEqual = rows.every((row, index) => isCaughtUp(row, products[index] as Expected));
    if (isEqual || Date.now() > end) return { rows, isEqual };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export interface DemoResult {
  readonly rows: DemoRow[];
  readonly stored: number;
  readonly isEqual: boolean;
}

/** Sends the prices as commands and waits until everything downstream shows them. */
export async function runDemo(
  service: Service,
  prices: readonly Price[],
  tick: () => void = () => undefined,
): Promise<DemoResult> {
  const products = expectedOf(prices);
  const inOrder = [...products.values()];
  const first = prices[0];
  if (first) await post(service, "/categories", { categoryId: CATEGORY, name: "Stocks" }, keyOf(first, "category"));
  const stored = await Promise.all(
    inOrder.map(async (product) => {
      const own = prices.filter((price) => productOf(price) === product.productId);
      const version = await versionOf(service, product.productId);
      const missing = rowsAfter(own, version);
      for (let done = own.length - missing.length; done > 0; done -= 1) tick();
      return sendRows(service, missing, version === 0, tick);
    }),
  );
  const { rows, isEqual } = await waitForRows(service, inOrder, 60_000);
  return { rows, isEqual, stored: stored.reduce((sum, count) => sum + count, 0) };
}

async function main(): Promise<void> {
  parseArgs({ options: {} });
  const service = await findRun(process.env.STREAMFOLD_DATA ?? ".streamfold");
  const prices = readPrices();
  const bar = new SingleBar({ format: "sending prices {bar} {value}/{total}" });
  bar.start(prices.length, 0);
  const { rows, stored, isEqual } = await runDemo(service, prices, () => bar.increment());
  bar.stop();
  console.table(rows);
  console.log(stored === 0 ? "Nothing was added: everything had been sent before." : `${stored} events were added.`);
  console.log(isEqual ? "Every column equals the file." : "NOT everything equals the file.");
  if (!isEqual) process.exitCode = 1;
}

if (process.argv[1]?.endsWith("demo.ts")) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
