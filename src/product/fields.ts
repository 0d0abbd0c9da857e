import * as z from "zod";

export const name = z.string().trim().min(1).max(200);
export const description = z.string().max(10_000);
export const categoryId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/, "expected letters, digits, dots, dashes, plus signs");
export const productId = categoryId;
export const reason = z.string().trim().min(1).max(500);
