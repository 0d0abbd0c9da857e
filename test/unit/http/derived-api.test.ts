import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import * as z from "zod";
import { productCatalog } from "../../../projections/product-catalog.ts";
import {
  defineAggregate,
  defineService,
  Rejection,
  rowPerEntity,
  type ServiceDefinition,
  unchanged,
} from "../../../src/definition/index.ts";
import { InMemoryEventStore, type StandardSchema } from "../../../src/event-store/index.ts";
import { createApp, type HttpDependencies } from "../../../src/http/index.ts";
import { defineQuery, defineRowQuery, type Query } from "../../../src/http/query.ts";
import { queries } from "../../../src/product/queries.ts";
import { productService } from "../../../src/product/service.ts";

/** A schema of no library: text that is shouted. */
const shouted: StandardSchema<{ text: string }, { text: string }> = {
  "~standard": {
    version: 1,
    vendor: "by-hand",
    validate: async (value) => {
      const { text } = Object(value) as { text?: unknown };
      if (typeof text !== "string") return { issues: [{ message: "expected text", path: [{ key: "text" }] }] };
      return { value: { text: text.toUpperCase() } };
    },
  },
};

const note = defineAggregate({
  type: "Note",
  id: z.uuid(),
  state: z.object({ text: z.string().nullable() }).nullable(),
  initialState: null,
  events: { Written: z.object({ text: z.string(), token: z.string() }), Torn: z.object({}) },
  commands: {
    WriteNote: shouted,
    Sign: z.object({ token: z.string().default(() => randomUUID()) }).refine(() => true),
    TearNote: z.object({ at: z.coerce.date() }),
  },
  createdBy: "WriteNote",
  decide: {
    WriteNote: ({ data: { text } }) => [{ eventType: "Written", eventData: { text, token: "" } }],
    Sign({ data: { token } }, state) {
      if (!state) throw new Rejection("note-missing", "there is no note", "unknown");
      return [{ eventType: "Written", eventData: { text: state.text ?? "", token } }];
    },
    TearNote: (_) => [{ eventType: "Torn", eventData: {} }],
  },
  evolve: { Written: (_, { eventData }) => ({ text: eventData.text }), Torn: (_) => null },
});
const pad = defineAggregate({
  type: "Pad",
  state: z.object({}),
  initialState: {},
  events: { Written: z.object({}) },
  commands: { Nop: z.object({}) },
  decide: { Nop: (_) => [] },
  evolve: { Written: (state) => state },
});
const notes = defineService({ name: "Notes", aggregates: { notes: note, pads: pad } });

const noRows = (): never => {
  throw new Error("no rows");
};

function open(service: ServiceDefinition, queries: readonly Query[] = [], rows: HttpDependencies["rows"] = noRows) {
  const store = new InMemoryEventStore({ aggregates: Object.values(service.aggregates) });
  const app = createApp(service, queries, {
    store,
    rows,
    status: async () => [],
    clock: () => new Date("2026-01-01T00:00:00Z"),
    newId: () => randomUUID(),
    identify: () => "ann",
    log: () => undefined,
    pause: async () => undefined,
  });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const init = {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    };
    const response = await app.request(path, init);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  return { app, store, post };
}

const ID = "3b241101-e2bb-4255-8caf-4136c566a962";

test("schemas of any library check the body, and what they give out is decided on", async () => {
  const { post, store } = open(notes);
  const written = await post("/notes", { noteId: ID, text: "hi" });
  expect(written).toMatchObject({ status: 201, body: { entityId: ID, version: 1 } });
  expect((await store.getEvents(ID))[0]).toMatchObject({ eventData: { text: "HI" } });
  expect(await post("/notes", { text: 7 })).toMatchObject({ status: 400, body: { detail: "text: expected text" } });
  expect(await post("/notes", { noteId: "x", text: "hi" })).toMatchObject({
    status: 400,
    body: { errors: [{ path: "noteId" }] },
  });
});

test("an id that is made fits the schema of ids, and is the same for the same key", async () => {
  const { post } = open(notes);
  const once = await post("/notes", { text: "hi" }, { "idempotency-key": "k" });
  const again = await post("/notes", { text: "hi" }, { "idempotency-key": "k" });
  expect(once.status).toBe(201);
  expect(z.uuid().safeParse(once.body.entityId).success).toBe(true);
  expect(again.body).toEqual({ ...once.body, repeated: true });
  expect(await post(`/notes/${once.body.entityId}/sign`, {})).toMatchObject({ status: 200 });
});

test.each([
  ["no body", undefined, {}, 400, "body"],
  ["an empty body", "", { "content-type": "application/json" }, 400, "body"],
  ["white space", " \n", { "content-type": "application/json" }, 400, "body"],
  ["no content-type", "{}", { "content-type": "" }, 415, "application/json"],
  ["another content-type", "{}", { "content-type": "text/plain" }, 415, "got text/plain"],
  ["an empty If-Match", "{}", { "content-type": "application/json", "if-match": "" }, 400, "if-match"],
  ["an empty Idempotency-Key", "{}", { "content-type": "application/json", "idempotency-key": "" }, 400, "idempotency"],
  ["text", '"x"', { "content-type": "application/json" }, 400, "object"],
  ["null", "null", { "content-type": "application/json" }, 400, "object"],
  ["half a body", "{", { "content-type": "application/json" }, 400, "JSON"],
])(
  "%s is refused, where an empty object would do",
  async (_, body, headers: Record<string, string>, status, detail) => {
    const { app } = open(notes);
    for (const path of ["/pads/p-1/nop", "/notes"]) {
      const response = await app.request(path, { method: "POST", headers, ...(body === undefined ? {} : { body }) });
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(((await response.json()) as { detail: string }).detail).toContain(detail);
    }
    const json = { "content-type": "application/vnd.notes+json; charset=utf-8" };
    expect((await app.request("/pads/p-1/nop", { method: "POST", headers: json, body: "{}" })).status).toBe(200);
  },
);

test.each([".", ".."])("the id %s is refused, because no path can hold it", async (thingId) => {
  const { post } = open(defineService({ name: "Things", aggregates: { things: thing({}) } }));
  expect(await post("/things", { thingId })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("thingId") },
  });
});

test("an id is what its schema gives out, whether it is sent, made or asked for", async () => {
  const loud = thing({}, z.string().toUpperCase().startsWith("THINGS-"));
  const rows = rowPerEntity({ name: "loud", of: loud, row: z.object({}), on: { Made: (_) => ({}) } });
  const service = defineService({ name: "Loud", aggregates: { things: loud }, projections: [rows] });
  const asked: string[] = [];
  const row = async (id: string) => void asked.push(id);
  const query = defineRowQuery({ path: "/things/{id}", summary: "One", of: rows });
  const { app, post } = open(service, [query], (() => ({ row })) as never);
  expect(await post("/things", { thingId: "things-a" })).toMatchObject({ status: 201, body: { entityId: "THINGS-A" } });
  const made = await post("/things", {}, { "idempotency-key": "k" });
  expect(made.body.entityId).toMatch(/^THINGS-[0-9A-Z]+$/);
  expect((await post("/things", {})).body.entityId).toMatch(/^THINGS-/);
  expect((await app.request("/things/things-a")).status).toBe(404);
  expect(asked).toEqual(["THINGS-A"]);
});

test("a repeat is known by what was sent, whatever defaults fill in", async () => {
  const { post } = open(notes);
  await post("/notes", { noteId: ID, text: "hi" });
  const sign = () => post(`/notes/${ID}/sign`, {}, { "idempotency-key": "s" });
  expect(await sign()).toMatchObject({ status: 200, body: { repeated: false, version: 2 } });
  expect(await sign()).toMatchObject({ status: 200, body: { repeated: true, version: 2 } });
  const other = await post(`/notes/${ID}/sign`, { token: "other" }, { "idempotency-key": "s" });
  expect(other).toMatchObject({ status: 422 });
});

test("a state may be null, and a rejection says by its kind whether there is such an entity", async () => {
  const { post } = open(notes);
  await post("/notes", { noteId: ID, text: "hi" });
  expect(await post(`/notes/${ID}/tear`, { at: "2026-01-01" })).toMatchObject({ status: 200, body: { version: 2 } });
  expect(await post(`/notes/${ID}/sign`, {})).toMatchObject({ status: 404, body: { reason: "note-missing" } });
});

test("a command on an entity of another aggregate is refused, whatever it decides", async () => {
  const { post } = open(notes);
  await post("/notes", { noteId: ID, text: "hi" });
  const refused = await post(`/pads/${ID}/nop`, {});
  expect(refused).toMatchObject({ status: 422, body: { detail: `${ID} is a Note and cannot take events as a Pad` } });
});

test("a schema that JSON Schema has no form for leaves the OpenAPI document whole", async () => {
  const { app } = open(notes);
  const { paths } = (await (await app.request("/openapi.json")).json()) as { paths: object };
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(["/notes", "/notes/{id}/tear", "/pads/{id}/nop", "/entities/{id}/events"]),
  );
});

test("an id of any text is found by its path, and the Location leads to it", async () => {
  const { post, app } = open(defineService({ name: "S", aggregates: { things: thing({}) } }));
  const { headers } = await post("/things", { thingId: "a/b é?" });
  expect(headers.get("location")).toBe("/things/a%2Fb%20%C3%A9%3F");
  expect((await app.request("/entities/a%2Fb%20%C3%A9%3F/events")).status).toBe(200);
});

test.each<[string, () => unknown, string]>([
  [
    "a command whose data have the field of the id",
    () => defineService({ name: "S", aggregates: { things: thing({ thingId: z.string() }) } }),
    "commands of Thing: CreateThing: expected another field",
  ],
  [
    "its own id beside a field that JSON Schema has no form for",
    () => defineService({ name: "T", aggregates: { things: thing({ thingId: z.string(), at: z.date() }) } }),
    "commands of Thing: CreateThing: expected another field",
  ],
  [
    "a path with another parameter",
    () => defineQuery({ path: "/x/{thing}", summary: "", of: productCatalog, answer: async () => 1 }),
    "query.path: expected a path",
  ],
  [
    "a query of one row without its id",
    () => defineRowQuery({ path: "/x", summary: "", of: productCatalog }),
    "query.path: expected a path with {id}",
  ],
  [
    "a misspelt field",
    () =>
      defineQuery({
        path: "/x",
        summary: "",
        of: productCatalog,
        answer: async () => 1,
        waitForVersion: true,
      } as never),
    "query.waitForVersion: expected one of",
  ],
  [
    "two queries of one path",
    () => createApp(productService, [...queries, ...queries], {} as never),
    "queries: expected another path",
  ],
])("%s is refused when it is declared", (_, declare, message) => {
  expect(declare).toThrow(message);
});

function thing(data: z.ZodRawShape, id?: z.ZodString) {
  return defineAggregate({
    type: "Thing",
    ...(id && { id }),
    state: z.object({}),
    initialState: {},
    events: { Made: z.object({}) },
    commands: { CreateThing: z.object(data) },
    decide: { CreateThing: (_) => [{ eventType: "Made", eventData: {} }] },
    evolve: { Made: unchanged },
  });
}
