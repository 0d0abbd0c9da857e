import type { Aggregate, Command } from "../../src/definition/index.ts";
import type { NewEvent } from "../../src/event-store/index.ts";

/** An order of a shop, as text, numbers, lists and maps; 1,000 bytes of JSON with its note. */
export interface Payload {
  readonly by: number;
  readonly id: string;
  readonly customer: object;
  readonly lines: readonly object[];
  readonly note: string;
}

/** Bytes of an event's payload as JSON. */
const PAYLOAD_BYTES = 1_000;

const address = { street: "1 Long Street", city: "Springfield", postalCode: "12345", country: "US" };
const customer = { customerId: "c-1", name: "Ann Example", email: "ann@example.com", address };
const lines = ["tea", "coffee", "sugar", "milk"].map((name, index) => ({
  sku: `sku-${index}`,
  name,
  quantity: index + 1,
  price: { amount: 450 + index, currency: "EUR" },
  isGift: index % 2 === 0,
}));
let made = 0;

export function payload(by = 1): Payload {
  made += 1;
  const short = { by, id: `order-${made}`, customer, lines, note: "" };
  return { ...short, note: "x".repeat(PAYLOAD_BYTES - JSON.stringify(short).length) };
}

export interface CounterState {
  readonly count: number;
}
type Add = Command<"Add", Payload>;
/** `count` is the state that the event was decided on, and one more. */
type Added = NewEvent<"Added", Payload & { readonly count: number }>;

/** A small aggregate whose decision depends on its state: an event decided on an old state shows a wrong `count`. */
export const counter: Aggregate<CounterState, Add, Added> = {
  aggregateType: "Counter",
  eventTypes: {},
  stateVersion: "1",
  initialState: { count: 0 },
  decide: ({ data }, { count }) =>
    data.by === 0 ? [] : [{ eventType: "Added", eventData: { ...data, count: count + data.by } }],
  evolve: ({ count }, { eventData }) => ({ count: count + eventData.by }),
};

/** An event that is stored without a command. */
export const added = (count: number): Added => ({ eventType: "Added", eventData: { ...payload(), count } });
