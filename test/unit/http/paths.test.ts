import { describe, expect, test } from "@jest/globals";
import { RoutePaths } from "../../../src/http/index.ts";

const paths = new RoutePaths([
  { method: "get", path: "/products" },
  { method: "post", path: "/products" },
  { method: "get", path: "/products/{id}" },
  { method: "get", path: "/products/{id}/price-history" },
  { method: "post", path: "/products/{id}/change-price" },
  { method: "get", path: "/entities/{id}/events" },
  { method: "get", path: "/users/{id}/activity" },
]);
const arn = "arn:aws:sts::123456789012:assumed-role/shop-admin/ann";
const encoded = encodeURIComponent(arn);

describe("a path", () => {
  test.each([
    ["decoded, with slashes in the id", `/users/${arn}/activity`, {}, `/users/${encoded}/activity`],
    ["encoded", `/users/${encoded}/activity`, {}, `/users/${encoded}/activity`],
    ["of a function URL", "/products/caf%C3%A9", { isEncoded: true }, "/products/caf%C3%A9"],
    ["decoded, of another alphabet", "/products/café", {}, "/products/caf%C3%A9"],
    ["with a percent sign in the id", "/entities/100%25/events", {}, "/entities/100%2525/events"],
    ["with half an escape in the id", "/products/%E0%A4%A", {}, "/products/%25E0%25A4%25A"],
    ["with a question mark in the id", "/entities/who?limit=0/events", {}, "/entities/who%3Flimit%3D0/events"],
    ["with a route's name in the id", "/products/a/price-history/b", {}, "/products/a%2Fprice-history%2Fb"],
    ["that ends like another route", "/products/a/b/price-history", {}, "/products/a%2Fb/price-history"],
    ["behind a stage", "/dev/products", { stage: "dev" }, "/products"],
    ["behind a stage, with an id", "/dev/products/p-1", { stage: "dev" }, "/products/p-1"],
    ["behind a mapping", "/shop/products", {}, "/products"],
    ["behind a mapping of two segments", "/v1/shop/users/ann/activity", {}, "/users/ann/activity"],
    ["that is plain", "/products/p-1", {}, "/products/p-1"],
    ["that there is not", "/nothing/here", {}, "/nothing/here"],
    ["that cannot be a URL", "//x/%zz", {}, "//x/%25zz"],
  ])("%s", (_, path, more, expected) => {
    expect(paths.normalize("GET", { path, ...more })).toBe(expected);
  });

  test("of a route with another method is found too, so that the method can be refused", () => {
    expect(paths.normalize("DELETE", { path: "/dev/products/a/b/change-price", stage: "dev" })).toBe(
      "/products/a%2Fb/change-price",
    );
    expect(paths.methodsOf("/products/a/change-price")).toEqual(["GET", "HEAD", "POST"]);
    expect(paths.methodsOf("/products")).toEqual(["GET", "HEAD", "POST"]);
    expect(paths.methodsOf("/nothing")).toEqual([]);
  });
});
