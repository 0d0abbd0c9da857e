import { z } from "@hono/zod-openapi";
import { type AnySchema, isWellFormed, jsonSchemaOf, MAX_PARTITION_KEY_BYTES } from "../event-store/index.ts";
import { problemSchema } from "./problem.ts";

/** A schema of objects with one more field, which may be left out. */
export function withField(schema: AnySchema, field: string, of: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject && isZod(schema)) return schema.safeExtend({ [field]: of.optional() });
  const rest = zodOf(schema);
  const split = z.looseObject({ [field]: of.optional() }).transform(async ({ [field]: given, ...data }, context) => {
    const result = await rest.safeParseAsync(data);
    if (result.success) return { ...(result.data as object), ...(given === undefined ? {} : { [field]: given }) };
    for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", message, path });
    return z.NEVER;
  });
  return split.openapi(openApiOf(schema));
}

/** Any schema as the routes take it: a schema of zod as it is, any other by what it says of a value. */
export function zodOf(schema: AnySchema): z.ZodType {
  if (isZod(schema)) return schema;
  const checked = z.unknown().transform(async (value, context) => {
    const result = await schema["~standard"].validate(value);
    if (!result.issues) return result.value;
    for (const { path = [], message } of result.issues)
      context.addIssue({
        code: "custom",
        message,
        path: path.map((part) => (typeof part === "object" ? part.key : part)),
      });
    return z.NEVER;
  });
  return checked.openapi(openApiOf(schema));
}

/** A schema of this copy of zod that JSON Schema has a form for: others would break the OpenAPI document of all. */
function isZod(schema: AnySchema): schema is z.ZodType & AnySchema {
  return schema instanceof z.ZodType && jsonSchemaOf(schema, "input") !== undefined;
}

const openApiOf = (schema: AnySchema): object => jsonSchemaOf(schema, "input") ?? { type: "object" };

/** As long as a key of the tables may be, in bytes. */
export const entityId = z
  .string()
  .min(1)
  .refine(
    (text) => isWellFormed(text) && Buffer.byteLength(text) <= MAX_PARTITION_KEY_BYTES,
    `expected well-formed text of at most ${MAX_PARTITION_KEY_BYTES} bytes`,
  );

export const problemContent = { "application/problem+json": { schema: problemSchema } };
