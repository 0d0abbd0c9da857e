import { type AnySchema, jsonSchemaOf } from "../event-store/index.ts";

/** A value that a schema takes, as far as its JSON Schema tells; undefined when the schema refuses it. */
export async function sampleOf(schema: AnySchema): Promise<unknown> {
  const data = sample(jsonSchemaOf(schema, "input") ?? {});
  const { issues } = await schema["~standard"].validate(data);
  return issues === undefined ? data : undefined;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
}

function sample(schema: JsonSchema): unknown {
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return sample(choice);
  const type = typeof schema.type === "string" ? schema.type : (schema.type?.[0] ?? "object");
  return SAMPLES[type]?.(schema) ?? null;
}

const SAMPLES: Readonly<Record<string, (schema: JsonSchema) => unknown>> = {
  object: ({ properties = {}, required = [] }) =>
    Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})])),
  array: ({ items = {}, minItems = 0 }) => Array.from({ length: minItems }, () => sample(items)),
  string: ({ format = "", minLength = 1 }) => FORMATS[format] ?? "x".repeat(Math.max(1, minLength)),
  integer: ({ minimum, exclusiveMinimum }) => lowest(minimum, exclusiveMinimum),
  number: ({ minimum, exclusiveMinimum }) => lowest(minimum, exclusiveMinimum),
  boolean: () => true,
};

/** JSON Schemas of integers name the smallest safe one. */
const lowest = (minimum = 0, above = Number.NEGATIVE_INFINITY): number =>
  Math.max(0, Math.ceil(minimum), Number.isFinite(above) ? Math.floor(above) + 1 : 0);

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00.000Z",
  date: "2026-01-01",
  time: "10:00:00",
  email: "ann@example.com",
  uri: "https://example.com",
  uuid: "11111111-1111-4111-8111-111111111111",
};
