import * as z from "zod";

/** An amount in minor units (cents, yen) and an ISO 4217 currency. */
export const money = z.strictObject({
  amount: z.int().min(0).max(1e12).describe("Minor units: 1999 is 19.99 USD, 500 is 500 JPY, 1500 is 1.500 KWD"),
  currency: z.string().regex(/^[A-Z]{3}$/, "expected three capital letters, such as USD"),
});
export type Money = z.infer<typeof money>;

export const isSameMoney = (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency;

/** The amount in the currency's own decimals, as a person reads it: "19.99" USD, "500" JPY, "1.500" KWD. */
export function decimalAmount({ amount, currency }: Money): string {
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  return (amount / 10 ** digits).toFixed(digits);
}
