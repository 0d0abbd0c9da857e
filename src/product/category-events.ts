import * as z from "zod";
import type { EventTypes } from "../event-store/index.ts";
import { categoryId, name } from "./fields.ts";

export const categoryCreated = z.strictObject({ name, parentId: categoryId.nullable() });
export const categoryRenamed = z.strictObject({ name, previousName: name });
export const categoryMoved = z.strictObject({
  parentId: categoryId.nullable(),
  previousParentId: categoryId.nullable(),
});
export const categoryArchived = z.strictObject({});

export const categoryEventTypes = {
  CategoryCreated: { version: "1.0", schema: categoryCreated },
  CategoryRenamed: { version: "1.0", schema: categoryRenamed },
  CategoryMoved: { version: "1.0", schema: categoryMoved },
  CategoryArchived: { version: "1.0", schema: categoryArchived },
} satisfies EventTypes;

type Of<Type extends string, Schema extends z.ZodType> = {
  readonly eventType: Type;
  readonly eventData: z.infer<Schema>;
};

export type CategoryEvent =
  | Of<"CategoryCreated", typeof categoryCreated>
  | Of<"CategoryRenamed", typeof categoryRenamed>
  | Of<"CategoryMoved", typeof categoryMoved>
  | Of<"CategoryArchived", typeof categoryArchived>;
