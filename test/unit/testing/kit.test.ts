import { expect, test } from "@jest/globals";
import { product } from "../../../src/product/index.ts";
import { rejected, stories } from "../../../src/testing.ts";

test("the kit prints what was expected and what came instead", () => {
  const { given } = stories(product);
  const rename = given([]).when({ type: "RenameProduct", data: { name: "x" } });
  expect(() => rename.then([{ eventType: "ProductRenamed", eventData: { name: "x", previousName: "y" } }])).toThrow(
    /product-unknown[\s\S]*ProductRenamed|ProductRenamed[\s\S]*product-unknown/,
  );
  expect(() => rename.then(rejected("product-exists"))).toThrow("product-exists");
});
