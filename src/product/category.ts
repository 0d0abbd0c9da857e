import * as z from "zod";
import { defineAggregate, Rejection } from "../definition/index.ts";
import { categoryId, name } from "./fields.ts";

const existing = z.strictObject({
  status: z.enum(["active", "archived"]),
  name: z.string(),
  parentId: z.string().nullable(),
});
const categoryState = z.discriminatedUnion("status", [z.strictObject({ status: z.literal("missing") }), existing]);
export type CategoryState = z.infer<typeof categoryState>;

/** A category. It does not know whether its parent exists: the read model shows orphaned categories. */
export const category = defineAggregate({
  type: "Category",
  id: categoryId,
  state: categoryState,
  initialState: { status: "missing" },

  events: {
    CategoryCreated: z.strictObject({ name, parentId: categoryId.nullable() }),
    CategoryRenamed: z.strictObject({ name, previousName: name }),
    CategoryMoved: z.strictObject({ parentId: categoryId.nullable(), previousParentId: categoryId.nullable() }),
    CategoryArchived: z.strictObject({}),
  },

  commands: {
    CreateCategory: z.strictObject({ name, parentId: categoryId.nullable().default(null) }),
    RenameCategory: z.strictObject({ name }),
    MoveCategory: z.strictObject({ parentId: categoryId.nullable() }),
    ArchiveCategory: z.strictObject({}),
  },

  decide: {
    CreateCategory({ data }, state) {
      if (state.status !== "missing") throw new Rejection("category-exists", "a category with this id already exists");
      return [{ eventType: "CategoryCreated", eventData: data }];
    },
    RenameCategory({ data: { name } }, state) {
      const { name: previousName } = active(state);
      return name === previousName ? [] : [{ eventType: "CategoryRenamed", eventData: { name, previousName } }];
    },
    MoveCategory({ data: { parentId } }, state) {
      const { parentId: previousParentId } = active(state);
      if (parentId === previousParentId) return [];
      return [{ eventType: "CategoryMoved", eventData: { parentId, previousParentId } }];
    },
    ArchiveCategory: (_, state) =>
      known(state).status === "archived" ? [] : [{ eventType: "CategoryArchived", eventData: {} }],
  },

  evolve: {
    CategoryCreated: (_, { eventData }) => ({ status: "active", ...eventData }),
    CategoryRenamed: (state, { eventData }) => ifKnown(state, { name: eventData.name }),
    CategoryMoved: (state, { eventData }) => ifKnown(state, { parentId: eventData.parentId }),
    CategoryArchived: (state) => ifKnown(state, { status: "archived" }),
  },

  snapshots: { at: ["CategoryArchived"] },
});

type Existing = z.infer<typeof existing>;

function known(state: CategoryState): Existing {
  if (state.status === "missing")
    throw new Rejection("category-unknown", "there is no category with this id", "unknown");
  return state;
}

function active(state: CategoryState): Existing {
  const category = known(state);
  if (category.status === "active") return category;
  throw new Rejection("category-archived", "the category is archived and can no longer be changed");
}

const ifKnown = (state: CategoryState, change: Partial<Existing>): CategoryState =>
  state.status === "missing" ? state : { ...state, ...change };
