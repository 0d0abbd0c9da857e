export * from "./category.ts";
export { categoryId, productId } from "./fields.ts";
export * from "./money.ts";
export * from "./product.ts";
