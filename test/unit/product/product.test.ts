import { describe, expect, test } from "@jest/globals";
import type { NewEventOf } from "../../../src/definition/index.ts";
import { decimalAmount, product } from "../../../src/product/index.ts";
import { rejected, stories } from "../../../src/testing.ts";

type ProductEvent = NewEventOf<typeof product.events>;
const { given } = stories(product);
const usd = (amount: number) => ({ amount, currency: "USD" });
const created: ProductEvent = {
  eventType: "ProductCreated",
  eventData: { name: "Tea", description: "", price: usd(1_000), categoryId: null },
};
const discontinued: ProductEvent = { eventType: "ProductDiscontinued", eventData: { reason: "sold out" } };

describe("a product", () => {
  test("is created once", () => {
    const create = { type: "CreateProduct", data: created.eventData } as const;
    given([]).when(create).then([created]);
    given([created]).when(create).then(rejected("product-exists"));
  });

  test("changes its price, and remembers the one before", () => {
    given([created])
      .when({ type: "ChangePrice", data: { price: usd(1_200) } })
      .then([{ eventType: "PriceUpdated", eventData: { price: usd(1_200), previousPrice: usd(1_000) } }]);
  });

  test.each([
    { type: "ChangePrice", data: { price: usd(1_000) } },
    { type: "RenameProduct", data: { name: "Tea" } },
    { type: "DescribeProduct", data: { description: "" } },
    { type: "MoveProduct", data: { categoryId: null } },
  ] as const)("%o to what is so already changes nothing", (command) => {
    given([created]).when(command).then([]);
  });

  test("is renamed, described and moved", () => {
    given([created])
      .when({ type: "RenameProduct", data: { name: "Green tea" } })
      .then([{ eventType: "ProductRenamed", eventData: { name: "Green tea", previousName: "Tea" } }]);
    given([created])
      .when({ type: "DescribeProduct", data: { description: "hot" } })
      .then([{ eventType: "ProductDescribed", eventData: { description: "hot" } }]);
    given([created])
      .when({ type: "MoveProduct", data: { categoryId: "drinks" } })
      .then([{ eventType: "ProductMoved", eventData: { categoryId: "drinks", previousCategoryId: null } }]);
  });

  test("that is discontinued does not change any more, and is not discontinued twice", () => {
    given([created])
      .when({ type: "DiscontinueProduct", data: { reason: "sold out" } })
      .then([discontinued]);
    given([created, discontinued])
      .when({ type: "DiscontinueProduct", data: { reason: "again" } })
      .then([]);
    given([created, discontinued])
      .when({ type: "ChangePrice", data: { price: usd(1) } })
      .then(rejected("product-discontinued"));
  });

  test("that does not exist refuses", () => {
    given([])
      .when({ type: "RenameProduct", data: { name: "x" } })
      .then(rejected("product-unknown"));
  });
});

test.each([
  [1999, "USD", "19.99"],
  [500, "JPY", "500"],
  [1500, "KWD", "1.500"],
  [0, "EUR", "0.00"],
])("%d %s is read as %s", (amount, currency, shown) => {
  expect(decimalAmount({ amount, currency })).toBe(shown);
});
