/** The part of the Standard Schema interface (standardschema.dev, version 1) that is used: zod, valibot, arktype and others. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Of libraries that can say of themselves what they take, as JSON Schema ("Standard JSON Schema"). */
    readonly jsonSchema?: JsonSchemas | undefined;
  };
}

export type StandardResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a schema of any input and output
export type AnySchema = StandardSchema<any, any>;

/** What a schema takes, before defaults and transformations. */
export type InferInput<Schema> = Schema extends StandardSchema<infer Input, infer _> ? Input : never;

/** What a schema gives out: what is stored, and what handlers see. */
export type InferOutput<Schema> = Schema extends StandardSchema<infer _, infer Output> ? Output : never;

type JsonSchemas = Readonly<
  Record<"input" | "output", (options: { target: "draft-2020-12" }) => Record<string, unknown>>
>;

/** A schema that takes what it gives out: what is stored is checked by it again. */
export type Reparsable<Schema> =
  InferOutput<Schema> extends InferInput<Schema> ? unknown : "a schema that takes what it gives out";

/** Issues with their paths written out from a root: `eventData.price[0].amount`. */
export function describeIssues(root: string, issues: readonly StandardIssue[]): { path: string; message: string }[] {
  return issues.map(({ path = [], message }) => ({ path: path.reduce<string>(appendPart, root), message }));
}

function appendPart(path: string, part: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof part === "object" ? part.key : part;
  return typeof key === "number" ? `${path}[${key}]` : `${path}.${String(key)}`;
}

/** What a schema says of itself as JSON Schema; undefined when its library cannot. */
export function jsonSchemaOf(schema: AnySchema, io: "input" | "output"): Record<string, unknown> | undefined {
  try {
    const found = schema["~standard"].jsonSchema?.[io]({ target: "draft-2020-12" });
    if (!found) return undefined;
    const { $schema: _, ...described } = found;
    return described;
  } catch {
    // JSON Schema has no form for it: a date, a transformation.
    return undefined;
  }
}
