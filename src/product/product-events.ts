import * as z from "zod";
import type { EventTypes } from "../event-store/index.ts";
import { categoryId, description, name, reason } from "./fields.ts";
import { money } from "./money.ts";

export const productCreated = z.strictObject({
  name,
  description,
  price: money,
  categoryId: categoryId.nullable(),
});
export const productRenamed = z.strictObject({ name, previousName: name });
export const productDescribed = z.strictObject({ description });
export const priceUpdated = z.strictObject({ price: money, previousPrice: money });
export const productMoved = z.strictObject({
  categoryId: categoryId.nullable(),
  previousCategoryId: categoryId.nullable(),
});
export const productDiscontinued = z.strictObject({ reason });

export const productEventTypes = {
  ProductCreated: { version: "1.0", schema: productCreated },
  ProductRenamed: { version: "1.0", schema: productRenamed },
  ProductDescribed: { version: "1.0", schema: productDescribed },
  PriceUpdated: { version: "1.0", schema: priceUpdated },
  ProductMoved: { version: "1.0", schema: productMoved },
  ProductDiscontinued: { version: "1.0", schema: productDiscontinued },
} satisfies EventTypes;

type Of<Type extends string, Schema extends z.ZodType> = {
  readonly eventType: Type;
  readonly eventData: z.infer<Schema>;
};

export type ProductEvent =
  | Of<"ProductCreated", typeof productCreated>
  | Of<"ProductRenamed", typeof productRenamed>
  | Of<"ProductDescribed", typeof productDescribed>
  | Of<"PriceUpdated", typeof priceUpdated>
  | Of<"ProductMoved", typeof productMoved>
  | Of<"ProductDiscontinued", typeof productDiscontinued>;
