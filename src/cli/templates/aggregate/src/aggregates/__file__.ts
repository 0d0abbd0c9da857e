import { defineAggregate, Rejection } from "streamfold";
import * as z from "zod";

const title = z.string().trim().min(1).max(200);

const existing = z.object({ status: z.enum(["open", "closed"]), title: z.string() });
const state = z.discriminatedUnion("status", [z.object({ status: z.literal("missing") }), existing]);
type State = z.infer<typeof state>;

export const __name__ = defineAggregate({
  type: "__Name__",
  state,
  initialState: { status: "missing" },

  events: {
    __Name__Created: z.object({ title }),
    __Name__Renamed: z.object({ title }),
    __Name__Closed: z.object({}),
  },

  commands: {
    Create__Name__: z.object({ title }),
    Rename__Name__: z.object({ title }),
    Close__Name__: z.object({}),
  },

  decide: {
    Create__Name__({ data }, state) {
      if (state.status !== "missing") throw new Rejection("__file__-exists", "there is one with this id already");
      return [{ eventType: "__Name__Created", eventData: data }];
    },
    Rename__Name__({ data }, state) {
      return open(state).title === data.title ? [] : [{ eventType: "__Name__Renamed", eventData: data }];
    },
    Close__Name__(_, state) {
      return known(state).status === "closed" ? [] : [{ eventType: "__Name__Closed", eventData: {} }];
    },
  },

  evolve: {
    __Name__Created: (_, { eventData: { title } }) => ({ status: "open", title }),
    __Name__Renamed: (state, { eventData: { title } }) => ({ ...known(state), title }),
    __Name__Closed: (state) => ({ ...known(state), status: "closed" }),
  },
});

type Existing = z.infer<typeof existing>;

function known(state: State): Existing {
  if (state.status === "missing") throw new Rejection("__file__-unknown", "there is none with this id", "unknown");
  return state;
}

function open(state: State): Existing {
  const found = known(state);
  if (found.status === "closed") throw new Rejection("__file__-closed", "it is closed and can no longer be changed");
  return found;
}
