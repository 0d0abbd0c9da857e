import { readFileSync } from "node:fs";

export interface Price {
  readonly symbol: string;
  readonly date: string;
  /** Cents. */
  readonly amount: number;
}

/** Monthly prices of five stocks over ten years, in the order of the file; prices in cents. */
export function readPrices(limit?: number): Price[] {
  const file = new URL("../../node_modules/vega-datasets/data/stocks.csv", import.meta.url);
  const lines = readFileSync(file, "utf8").trim().split(/\r?\n/).slice(1);
  const prices = lines.map((line) => {
    const [symbol = "", date = "", price = ""] = line.split(",");
    return { symbol, date, amount: Math.round(Number(price) * 100) };
  });
  return limit === undefined ? prices : prices.slice(0, limit);
}

export const productOf = ({ symbol }: Price): string => `stock-${symbol.toLowerCase()}`;

/** How many changes of price a product has had, as the file tells it. */
export interface Expected {
  readonly productId: string;
  sent: number;
  changes: number;
  latest: number;
}

export function expectedOf(prices: readonly Price[]): Map<string, Expected> {
  const products = new Map<string, Expected>();
  for (const price of prices) {
    const productId = productOf(price);
    const known = products.get(productId) ?? { productId, sent: 0, changes: 0, latest: Number.NaN };
    if (known.latest !== price.amount) known.changes += 1;
    products.set(productId, { ...known, sent: known.sent + 1, latest: price.amount });
  }
  return products;
}

/** The rows that are not in the store yet: each row that changes the price makes the next version. */
export function rowsAfter(prices: readonly Price[], version: number): Price[] {
  let made = 0;
  let latest = Number.NaN;
  return prices.filter(({ amount }) => {
    if (amount !== latest) made += 1;
    latest = amount;
    return made > version;
  });
}
