import * as z from "zod";
import { categoryId, name } from "./fields.ts";

export const createCategory = z.strictObject({ name, parentId: categoryId.nullable().default(null) });
export const renameCategory = z.strictObject({ name });
export const moveCategory = z.strictObject({ parentId: categoryId.nullable() });
export const archiveCategory = z.strictObject({});

type Of<Type extends string, Schema extends z.ZodType> = { readonly type: Type; readonly data: z.infer<Schema> };

export type CategoryCommand =
  | Of<"CreateCategory", typeof createCategory>
  | Of<"RenameCategory", typeof renameCategory>
  | Of<"MoveCategory", typeof moveCategory>
  | Of<"ArchiveCategory", typeof archiveCategory>;
