import { archiveCategory, moveCategory, renameCategory } from "./category-commands.ts";
import { changePrice, describeProduct, discontinueProduct, moveProduct, renameProduct } from "./product-commands.ts";

/** What is done to a product, by the last segment of its route: the command and its body. */
export const PRODUCT_ACTIONS = {
  "change-price": { type: "ChangePrice", body: changePrice },
  rename: { type: "RenameProduct", body: renameProduct },
  describe: { type: "DescribeProduct", body: describeProduct },
  move: { type: "MoveProduct", body: moveProduct },
  discontinue: { type: "DiscontinueProduct", body: discontinueProduct },
} as const;

/** The same for a category. */
export const CATEGORY_ACTIONS = {
  rename: { type: "RenameCategory", body: renameCategory },
  move: { type: "MoveCategory", body: moveCategory },
  archive: { type: "ArchiveCategory", body: archiveCategory },
} as const;
