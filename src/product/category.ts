import * as z from "zod";
import { type Aggregate, Rejection } from "../definition/index.ts";
import type { CategoryCommand } from "./category-commands.ts";
import { type CategoryEvent, categoryEventTypes } from "./category-events.ts";

const existing = z.strictObject({
  status: z.enum(["active", "archived"]),
  name: z.string(),
  parentId: z.string().nullable(),
});
const categoryState = z.discriminatedUnion("status", [z.strictObject({ status: z.literal("missing") }), existing]);
export type CategoryState = z.infer<typeof categoryState>;
type Existing = z.infer<typeof existing>;

function evolve(state: CategoryState, { eventType, eventData }: CategoryEvent): CategoryState {
  if (eventType === "CategoryCreated") return { status: "active", ...eventData };
  if (state.status === "missing") return state;
  switch (eventType) {
    case "CategoryRenamed":
      return { ...state, name: eventData.name };
    case "CategoryMoved":
      return { ...state, parentId: eventData.parentId };
    case "CategoryArchived":
      return { ...state, status: "archived" };
    default:
      return state;
  }
}

function create(state: CategoryState, eventData: { name: string; parentId: string | null }): CategoryEvent[] {
  if (state.status !== "missing") throw new Rejection("category-exists", "a category of this id exists already");
  return [{ eventType: "CategoryCreated", eventData }];
}

function change(
  state: Existing,
  command: Exclude<CategoryCommand, { type: "CreateCategory" | "ArchiveCategory" }>,
): CategoryEvent[] {
  if (command.type === "RenameCategory") {
    const { name } = command.data;
    return name === state.name ? [] : [{ eventType: "CategoryRenamed", eventData: { name, previousName: state.name } }];
  }
  const { parentId } = command.data;
  if (parentId === state.parentId) return [];
  return [{ eventType: "CategoryMoved", eventData: { parentId, previousParentId: state.parentId } }];
}

function decide(command: CategoryCommand, state: CategoryState): readonly CategoryEvent[] {
  if (command.type === "CreateCategory") return create(state, command.data);
  if (state.status === "missing") throw new Rejection("category-unknown", "there is no category of this id");
  if (command.type === "ArchiveCategory") {
    return state.status === "archived" ? [] : [{ eventType: "CategoryArchived", eventData: {} }];
  }
  if (state.status === "archived") {
    throw new Rejection("category-archived", "the category is archived and does not change any more");
  }
  return change(state, command);
}

/** A category. That its parent exists is not the category's to know: the read model shows what hangs loose. */
export const category: Aggregate<CategoryState, CategoryCommand, CategoryEvent> = {
  aggregateType: "Category",
  eventTypes: categoryEventTypes,
  stateVersion: "1",
  stateSchema: categoryState,
  significantEvents: ["CategoryArchived"],
  initialState: { status: "missing" },
  decide,
  evolve,
};
