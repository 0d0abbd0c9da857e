import type { Aggregate, Command } from "../../src/definition/index.ts";
import type { NewEvent } from "../../src/event-store/index.ts";

export interface CounterState {
  readonly count: number;
  readonly sum: number;
}
type Add = Command<"Add", { readonly by: number }>;
type Added = NewEvent<"Added", { readonly by: number }>;

/** The smallest aggregate whose state tells every event apart from its absence or its doubling. */
export const counter: Aggregate<CounterState, Add, Added> = {
  aggregateType: "Counter",
  eventTypes: {},
  stateVersion: "1",
  initialState: { count: 0, sum: 0 },
  decide: ({ data }) => (data.by === 0 ? [] : [{ eventType: "Added", eventData: data }]),
  evolve: ({ count, sum }, { eventData }) => ({ count: count + 1, sum: (sum * 3 + eventData.by) % 1_000_003 }),
};
