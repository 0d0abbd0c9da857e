import * as z from "zod";
import { categoryId, description, name, reason } from "./fields.ts";
import { money } from "./money.ts";

export const createProduct = z.strictObject({
  name,
  description: description.default(""),
  price: money,
  categoryId: categoryId.nullable().default(null),
});
export const renameProduct = z.strictObject({ name });
export const describeProduct = z.strictObject({ description });
export const changePrice = z.strictObject({ price: money });
export const moveProduct = z.strictObject({ categoryId: categoryId.nullable() });
export const discontinueProduct = z.strictObject({ reason });

type Of<Type extends string, Schema extends z.ZodType> = { readonly type: Type; readonly data: z.infer<Schema> };

export type ProductCommand =
  | Of<"CreateProduct", typeof createProduct>
  | Of<"RenameProduct", typeof renameProduct>
  | Of<"DescribeProduct", typeof describeProduct>
  | Of<"ChangePrice", typeof changePrice>
  | Of<"MoveProduct", typeof moveProduct>
  | Of<"DiscontinueProduct", typeof discontinueProduct>;
