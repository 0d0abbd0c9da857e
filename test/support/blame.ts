import type { Projection, Rows } from "../../src/definition/index.ts";
import type { EventTypes, StoredEvent } from "../../src/event-store/index.ts";

/** Everything that code may throw, and what looks like somebody else's fault. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  "an Error": () => new Error("boom"),
  "a TypeError": () => new TypeError("undefined is not a function"),
  "a string": () => "boom",
  undefined: () => undefined,
  null: () => null,
  "a number": () => 42,
  "a symbol": () => Symbol("boom"),
  "an object without a prototype": () => Object.create(null),
  "a text that cannot be shown": () => ({
    toString() {
      throw new Error("no");
    },
  }),
  "an error named like a time-out": () => Object.assign(new Error("late"), { name: "TimeoutError" }),
  "an error with the code of a lost connection": () => Object.assign(new Error("gone"), { code: "ETIMEDOUT" }),
  "a message like the network's": () => new Error("socket hang up"),
  "an error named like a throttle": () => Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" }),
  "an error like the SDK's": () =>
    Object.assign(new Error("503"), { name: "ServiceUnavailable", $metadata: { httpStatusCode: 503 } }),
  "an error with a code of ours": () => Object.assign(new Error("no"), { code: "INVALID_ARGUMENT" }),
  "half a surrogate pair": () => new Error("half \uD83D of one"),
  "an emoji across the limit of what is kept": () => {
    const error = new Error(`${"x".repeat(7_999)}😀${"y".repeat(2_000)}`);
    error.stack = error.message;
    return error;
  },
  "a frozen error": () => Object.freeze(new Error("cold")),
  "an error whose message throws": () =>
    Object.defineProperty(new Error(), "message", {
      get() {
        throw new Error("no message");
      },
    }),
  "an error that is its own cause": () => {
    const error = new Error("round") as Error & { cause: unknown };
    error.cause = error;
    return error;
  },
};

/** What a projection does with an event: fails on the bad one as a test says, else counts. */
export type Fault = (event: StoredEvent) => void;

const isBad = ({ eventData }: StoredEvent): boolean => eventData.bad === true;
const at = (key: string) => ({ partition: "all", key });
const from = { Thing: ["ThingDone"] };
const sane = () => ({ n: 1 });

/** Where the fault lies, and the projections that have it there. */
export function faultyProjections(
  name: string,
  value: () => unknown,
  isFixed: boolean,
): Readonly<Record<string, Projection>> {
  const fail = (event: StoredEvent) => {
    if (!isFixed && isBad(event)) throw value();
  };
  const failLater = (row: Row) => {
    if (!isFixed && row.isBad) throw value();
  };
  const listing = (row: unknown) => {
    failLater(row as Row);
    return { partition: "all", sort: "s" };
  };
  /** Once bad, a row stays so. */
  const row = (event: StoredEvent, before?: unknown): Row => ({
    isBad: isBad(event) || ((before as Row | undefined)?.isBad ?? false),
  });
  function counted(event: StoredEvent): unknown {
    fail(event);
    return sane();
  }
  async function change(event: StoredEvent, rows: Rows<unknown>): Promise<void> {
    await rows.get(at(event.entityId));
    rows.set(at(event.entityId), row(event));
    fail(event);
  }
  return {
    "row per entity, evolve": { name, kind: "row-per-entity", from, evolve: (_, event) => counted(event) },
    "row per entity, a list": {
      name,
      kind: "row-per-entity",
      from,
      evolve: (before, event) => row(event, before),
      lists: { listing },
    },
    "row per event, row": { name, kind: "row-per-event", from, row: counted },
    "row per event, a list": { name, kind: "row-per-event", from, row: (event) => row(event), lists: { listing } },
    "rows across entities, change": { name, kind: "rows-across-entities", from, change },
    "rows across entities, at once": {
      name,
      kind: "rows-across-entities",
      from,
      change(event, rows) {
        fail(event);
        return change(event, rows);
      },
    },
  };
}

interface Row {
  readonly isBad: boolean;
}

/** Values that come back where a row is expected, and what is stored in their place after the fix. */
export const RETURNED: Readonly<Record<string, () => unknown>> = {
  "a row over 400 KB": () => ({ text: "x".repeat(420_000) }),
  "a row that fills its item": () => ({ text: "x".repeat(409_000) }),
  "a class instance": () => ({ at: new Date(0) }),
  "a number that cannot be held": () => ({ n: 2 ** 60 }),
  "an empty set": () => ({ s: new Set() }),
  "not a number": () => ({ n: Number.NaN }),
};

export function returningProjections(
  name: string,
  value: () => unknown,
  isFixed: boolean,
): Readonly<Record<string, Projection>> {
  const made = (event: StoredEvent) => (!isFixed && isBad(event) ? value() : sane());
  return {
    "row per entity": {
      name,
      kind: "row-per-entity",
      from,
      evolve: (before, event) => (event.sequenceNumber === 3 ? before : made(event)),
    },
    "row per event": { name, kind: "row-per-event", from, row: made },
    "rows across entities": {
      name,
      kind: "rows-across-entities",
      from,
      async change(event, rows) {
        if (event.sequenceNumber === 3) return;
        await rows.get(at(event.entityId));
        rows.set(at(event.entityId), await made(event));
      },
    },
  };
}

/** Upcasters that fail on the bad event. */
export const faultyTypes = (value: () => unknown, isFixed: boolean): EventTypes => ({
  ThingDone: {
    version: "2.0",
    upcasters: {
      "1.0": {
        to: "2.0",
        upcast(data) {
          if (!isFixed && data.bad) throw value();
          return data;
        },
      },
    },
  },
});

export const returningTypes = (value: () => unknown, isFixed: boolean): EventTypes => ({
  ThingDone: {
    version: "2.0",
    upcasters: { "1.0": { to: "2.0", upcast: (data) => (!isFixed && data.bad ? (value() as never) : data) } },
  },
});
