import { expect, test } from "@jest/globals";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { product } from "../../../src/product/index.ts";
import { projecting, rejected, stories } from "../../../src/testing.ts";

test("the kit prints what was expected and what came instead", () => {
  const { given } = stories(product);
  const rename = given([]).when({ type: "RenameProduct", data: { name: "x" } });
  expect(() => rename.then([{ eventType: "ProductRenamed", eventData: { name: "x", previousName: "y" } }])).toThrow(
    /product-unknown[\s\S]*ProductRenamed|ProductRenamed[\s\S]*product-unknown/,
  );
  expect(() => rename.then(rejected("product-exists"))).toThrow("product-exists");
});

test("misspelt fields are refused by name, not filled in", async () => {
  const create = {
    type: "CreateProduct",
    data: { name: "x", description: "", price: { amount: 1, currency: "USD" }, categoryId: null },
  } as const;
  const misspelt = { userid: "bob" } as object;
  expect(() => stories(product).given([]).when(create, misspelt).then([])).toThrow("metadata.userid: expected one of");
  const event = { eventType: "ProductDiscontinued", eventData: { reason: "x" }, sequencNumber: 3 } as const;
  expect(() => stories(product).given([event]).when(create).then([])).toThrow(
    "history[0].sequencNumber: expected one of",
  );
  await expect(projecting(productCatalog).given([event]).projects(undefined)).rejects.toThrow(
    "events[0].sequencNumber: expected one of the fields",
  );
});
