import * as z from "zod";
import { defineAggregate, Rejection } from "../definition/index.ts";
import { categoryId, description, name, productId, reason } from "./fields.ts";
import { isSameMoney, money } from "./money.ts";

const existing = z.strictObject({
  status: z.enum(["active", "discontinued"]),
  name: z.string(),
  description: z.string(),
  price: money,
  categoryId: z.string().nullable(),
});
const productState = z.discriminatedUnion("status", [z.strictObject({ status: z.literal("missing") }), existing]);
export type ProductState = z.infer<typeof productState>;

/** A product. Repeating what is already so changes nothing and is no error. */
export const product = defineAggregate({
  type: "Product",
  id: productId,
  state: productState,
  initialState: { status: "missing" },

  events: {
    ProductCreated: z.strictObject({ name, description, price: money, categoryId: categoryId.nullable() }),
    ProductRenamed: z.strictObject({ name, previousName: name }),
    ProductDescribed: z.strictObject({ description }),
    PriceUpdated: z.strictObject({ price: money, previousPrice: money }),
    ProductMoved: z.strictObject({ categoryId: categoryId.nullable(), previousCategoryId: categoryId.nullable() }),
    ProductDiscontinued: z.strictObject({ reason }),
  },

  commands: {
    CreateProduct: z.strictObject({
      name,
      description: description.default(""),
      price: money,
      categoryId: categoryId.nullable().default(null),
    }),
    ChangePrice: z.strictObject({ price: money }),
    RenameProduct: z.strictObject({ name }),
    DescribeProduct: z.strictObject({ description }),
    MoveProduct: z.strictObject({ categoryId: categoryId.nullable() }),
    DiscontinueProduct: z.strictObject({ reason }),
  },

  decide: {
    CreateProduct({ data }, state) {
      if (state.status !== "missing") throw new Rejection("product-exists", "a product with this id already exists");
      return [{ eventType: "ProductCreated", eventData: data }];
    },
    ChangePrice({ data: { price } }, state) {
      const { price: previousPrice } = active(state);
      if (isSameMoney(price, previousPrice)) return [];
      return [{ eventType: "PriceUpdated", eventData: { price, previousPrice } }];
    },
    RenameProduct({ data: { name } }, state) {
      const { name: previousName } = active(state);
      return name === previousName ? [] : [{ eventType: "ProductRenamed", eventData: { name, previousName } }];
    },
    DescribeProduct({ data: { description } }, state) {
      if (description === active(state).description) return [];
      return [{ eventType: "ProductDescribed", eventData: { description } }];
    },
    MoveProduct({ data: { categoryId } }, state) {
      const { categoryId: previousCategoryId } = active(state);
      if (categoryId === previousCategoryId) return [];
      return [{ eventType: "ProductMoved", eventData: { categoryId, previousCategoryId } }];
    },
    DiscontinueProduct({ data }, state) {
      if (known(state).status === "discontinued") return [];
      return [{ eventType: "ProductDiscontinued", eventData: data }];
    },
  },

  evolve: {
    ProductCreated: (_, { eventData }) => ({ status: "active", ...eventData }),
    ProductRenamed: (state, { eventData }) => ifKnown(state, { name: eventData.name }),
    ProductDescribed: (state, { eventData }) => ifKnown(state, eventData),
    PriceUpdated: (state, { eventData }) => ifKnown(state, { price: eventData.price }),
    ProductMoved: (state, { eventData }) => ifKnown(state, { categoryId: eventData.categoryId }),
    ProductDiscontinued: (state) => ifKnown(state, { status: "discontinued" }),
  },

  snapshots: { at: ["ProductDiscontinued"] },
});

type Existing = z.infer<typeof existing>;

function known(state: ProductState): Existing {
  if (state.status === "missing") throw new Rejection("product-unknown", "there is no product with this id", "unknown");
  return state;
}

function active(state: ProductState): Existing {
  const product = known(state);
  if (product.status === "active") return product;
  throw new Rejection("product-discontinued", "the product is discontinued and can no longer be changed");
}

const ifKnown = (state: ProductState, change: Partial<Existing>): ProductState =>
  state.status === "missing" ? state : { ...state, ...change };
