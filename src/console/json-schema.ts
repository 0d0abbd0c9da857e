import type { Json, JsonFields, JsonSchema } from "./contract.ts";

/** What a form or a tree can make of a schema. */
export type Shape =
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, JsonSchema>>;
      readonly required: readonly string[];
    }
  | { readonly kind: "array"; readonly items: JsonSchema }
  | { readonly kind: "choice"; readonly values: readonly Json[] }
  | { readonly kind: "variants"; readonly variants: readonly JsonSchema[] }
  | { readonly kind: "string" | "integer" | "number" | "boolean" }
  | { readonly kind: "any" };

/** `schema` without what is beside it: references followed, and null taken out of what may be null. */
export interface Resolved {
  readonly schema: JsonSchema;
  readonly shape: Shape;
  readonly isNullable: boolean;
}

export function resolve(given: JsonSchema, root: JsonSchema): Resolved {
  const { schema, isNullable } = withoutNull(follow(given, root), root);
  return { schema, shape: shapeOf(schema, root), isNullable };
}

/** Follows `#/$defs/Name`. */
function follow(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (typeof schema.$ref !== "string") return schema;
  const { $ref, ...beside } = schema;
  const found = schema.$ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter(Boolean)
    .reduce<Json | undefined>((at, name) => fieldOf(at, name.replaceAll("~1", "/").replaceAll("~0", "~")), root);
  return { ...(Object(found) as JsonSchema), ...beside };
}

const fieldOf = (value: Json | undefined, name: string): Json | undefined =>
  Object.hasOwn(Object(value) as object, name) ? (value as JsonFields)[name] : undefined;

function withoutNull(
  schema: JsonSchema,
  root: JsonSchema,
): { readonly schema: JsonSchema; readonly isNullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    const types = schema.type.filter((type) => type !== "null");
    return { schema: { ...schema, type: types.length === 1 ? (types[0] ?? null) : types }, isNullable: true };
  }
  const variants = variantsIn(schema);
  const others = variants.filter((one) => follow(one, root).type !== "null");
  if (others.length === variants.length) return { schema, isNullable: false };
  const { anyOf: _, oneOf: __, ...beside } = schema;
  const only = others.length === 1 ? follow(others[0] ?? {}, root) : { anyOf: others };
  return { schema: { ...only, ...beside }, isNullable: true };
}

const variantsIn = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] =>
  (anyOf ?? oneOf ?? []) as readonly JsonSchema[];

function shapeOf(schema: JsonSchema, root: JsonSchema): Shape {
  if (schema.const !== undefined) return { kind: "choice", values: [schema.const] };
  if (Array.isArray(schema.enum)) return { kind: "choice", values: schema.enum };
  const variants = variantsIn(schema).map((one) => follow(one, root));
  if (variants.length > 0) return { kind: "variants", variants };
  return shapeOfType(schema);
}

function shapeOfType(schema: JsonSchema): Shape {
  const { type, items } = schema;
  if (type === "string" || type === "integer" || type === "number" || type === "boolean") return { kind: type };
  if (type === "array" && items !== undefined && !Array.isArray(items))
    return { kind: "array", items: Object(items) as JsonSchema };
  const fields = fieldsIn(schema);
  // A record of any keys is typed as JSON.
  if (type === "object" && (Object.keys(fields).length > 0 || schema.additionalProperties === false))
    return { kind: "object", fields, required: (schema.required ?? []) as readonly string[] };
  return { kind: "any" };
}

export const fieldsIn = (schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> =>
  Object(schema?.properties) as Readonly<Record<string, JsonSchema>>;

/** Of a schema with variants the one that an object seems to be of. */
export function objectIn(schema: JsonSchema | undefined, value: JsonFields, root = schema): JsonSchema | undefined {
  if (!schema || !root) return undefined;
  const { schema: own, shape } = resolve(schema, root);
  if (shape.kind !== "variants") return own;
  const knows = (variant: JsonSchema): number =>
    Object.keys(fieldsIn(variant)).filter((name) => Object.hasOwn(value, name)).length;
  return [...shape.variants].sort((a, b) => knows(b) - knows(a))[0];
}

/** The schema of a field of an object, or of the items of a list. */
export function schemaWithin(schema: JsonSchema | undefined, value: Json, key: string): JsonSchema | undefined {
  if (!schema) return undefined;
  if (Array.isArray(value)) return Object(resolve(schema, schema).schema.items) as JsonSchema;
  return fieldsIn(objectIn(schema, value as JsonFields))[key];
}

/** What a form begins with: what the schema says, else what is needed at least. */
export function startingValue(given: JsonSchema, root: JsonSchema): Json | undefined {
  const { schema, shape, isNullable } = resolve(given, root);
  if (schema.default !== undefined) return schema.default;
  if (isNullable) return null;
  if (shape.kind === "object") return startingFields(shape.fields, root);
  if (shape.kind === "choice") return shape.values[0];
  if (shape.kind === "variants") return startingValue(shape.variants[0] ?? {}, root);
  if (shape.kind === "array") return [];
  return shape.kind === "boolean" ? false : undefined;
}

function startingFields(fields: Readonly<Record<string, JsonSchema>>, root: JsonSchema): JsonFields {
  const started = Object.entries(fields).map(([name, field]) => [name, startingValue(field, root)] as const);
  return Object.fromEntries(started.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
