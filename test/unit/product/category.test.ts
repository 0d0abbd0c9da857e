import { test } from "@jest/globals";
import type { NewEventOf } from "../../../src/definition/index.ts";
import { category } from "../../../src/product/index.ts";
import { rejected, stories } from "../../../src/testing.ts";

type CategoryEvent = NewEventOf<typeof category.events>;
const { given } = stories(category);
const created: CategoryEvent = { eventType: "CategoryCreated", eventData: { name: "Drinks", parentId: null } };
const archived: CategoryEvent = { eventType: "CategoryArchived", eventData: {} };

test("a category is created once, renamed and moved", () => {
  given([]).when({ type: "CreateCategory", data: created.eventData }).then([created]);
  given([created]).when({ type: "CreateCategory", data: created.eventData }).then(rejected("category-exists"));
  given([created])
    .when({ type: "RenameCategory", data: { name: "Hot" } })
    .then([{ eventType: "CategoryRenamed", eventData: { name: "Hot", previousName: "Drinks" } }]);
  given([created])
    .when({ type: "MoveCategory", data: { parentId: "all" } })
    .then([{ eventType: "CategoryMoved", eventData: { parentId: "all", previousParentId: null } }]);
});

test("an archived category does not change, and is archived once", () => {
  given([created]).when({ type: "ArchiveCategory", data: {} }).then([archived]);
  given([created, archived]).when({ type: "ArchiveCategory", data: {} }).then([]);
  given([created, archived])
    .when({ type: "RenameCategory", data: { name: "x" } })
    .then(rejected("category-archived"));
  given([]).when({ type: "ArchiveCategory", data: {} }).then(rejected("category-unknown"));
});
