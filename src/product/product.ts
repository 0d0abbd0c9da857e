import * as z from "zod";
import { type Aggregate, Rejection } from "../definition/index.ts";
import { isSameMoney, money } from "./money.ts";
import type { ProductCommand } from "./product-commands.ts";
import { type ProductEvent, productEventTypes } from "./product-events.ts";

const existing = z.strictObject({
  status: z.enum(["active", "discontinued"]),
  name: z.string(),
  description: z.string(),
  price: money,
  categoryId: z.string().nullable(),
});
const productState = z.discriminatedUnion("status", [z.strictObject({ status: z.literal("missing") }), existing]);
export type ProductState = z.infer<typeof productState>;
type Existing = z.infer<typeof existing>;

function evolve(state: ProductState, { eventType, eventData }: ProductEvent): ProductState {
  if (eventType === "ProductCreated") return { status: "active", ...eventData };
  if (state.status === "missing") return state;
  switch (eventType) {
    case "ProductRenamed":
      return { ...state, name: eventData.name };
    case "ProductDescribed":
      return { ...state, description: eventData.description };
    case "PriceUpdated":
      return { ...state, price: eventData.price };
    case "ProductMoved":
      return { ...state, categoryId: eventData.categoryId };
    case "ProductDiscontinued":
      return { ...state, status: "discontinued" };
    default:
      return state;
  }
}

function create(
  state: ProductState,
  eventData: Extract<ProductCommand, { type: "CreateProduct" }>["data"],
): ProductEvent[] {
  if (state.status !== "missing") throw new Rejection("product-exists", "a product of this id exists already");
  return [{ eventType: "ProductCreated", eventData }];
}

function discontinue(state: Existing, reason: string): ProductEvent[] {
  return state.status === "discontinued" ? [] : [{ eventType: "ProductDiscontinued", eventData: { reason } }];
}

function change(
  state: Existing,
  command: Exclude<ProductCommand, { type: "CreateProduct" | "DiscontinueProduct" }>,
): ProductEvent[] {
  const { type, data } = command;
  switch (type) {
    case "RenameProduct":
      if (data.name === state.name) return [];
      return [{ eventType: "ProductRenamed", eventData: { name: data.name, previousName: state.name } }];
    case "DescribeProduct":
      if (data.description === state.description) return [];
      return [{ eventType: "ProductDescribed", eventData: { description: data.description } }];
    case "ChangePrice":
      if (isSameMoney(data.price, state.price)) return [];
      return [{ eventType: "PriceUpdated", eventData: { price: data.price, previousPrice: state.price } }];
    case "MoveProduct":
      if (data.categoryId === state.categoryId) return [];
      return [
        {
          eventType: "ProductMoved",
          eventData: { categoryId: data.categoryId, previousCategoryId: state.categoryId },
        },
      ];
  }
}

function decide(command: ProductCommand, state: ProductState): readonly ProductEvent[] {
  if (command.type === "CreateProduct") return create(state, command.data);
  if (state.status === "missing") throw new Rejection("product-unknown", "there is no product of this id");
  if (command.type === "DiscontinueProduct") return discontinue(state, command.data.reason);
  if (state.status === "discontinued") {
    throw new Rejection("product-discontinued", "the product is discontinued and does not change any more");
  }
  return change(state, command);
}

/** A product. Repeating what is already so changes nothing and is no error. */
export const product: Aggregate<ProductState, ProductCommand, ProductEvent> = {
  aggregateType: "Product",
  eventTypes: productEventTypes,
  stateVersion: "1",
  stateSchema: productState,
  significantEvents: ["ProductDiscontinued"],
  initialState: { status: "missing" },
  decide,
  evolve,
};
