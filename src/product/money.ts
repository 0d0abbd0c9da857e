import * as z from "zod";

/** An amount in minor units (cents, yen) and an ISO 4217 currency. */
export const money = z.strictObject({
  amount: z.int().min(0).max(1e12).describe("Minor units: 1999 is 19.99 USD"),
  currency: z.string().regex(/^[A-Z]{3}$/, "expected three capital letters, such as USD"),
});
export type Money = z.infer<typeof money>;

export const isSameMoney = (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency;
