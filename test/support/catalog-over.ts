import { type CatalogRow, productCatalog } from "../../projections/product-catalog.ts";
import type { RowPerEntity } from "../../src/definition/index.ts";

/** The catalog over an aggregate type of its own, of which it also has the name, so that tests do not meet. */
export function catalogOver(
  aggregateType: string,
  eventTypes: readonly string[] = ["ProductCreated"],
): RowPerEntity<CatalogRow> {
  const { kind, lists, evolve } = productCatalog;
  return {
    kind,
    lists,
    name: aggregateType,
    from: { [aggregateType]: eventTypes },
    evolve: (row, event) => evolve(row, { ...event, aggregateType: "Product" }),
  };
}
