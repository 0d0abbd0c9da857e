/** A CloudFormation template, as far as it is looked at. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: Fields;
}

/** Something in the template that nobody should sign. */
export interface Finding {
  readonly resource: string;
  readonly message: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

export const listOf = <T>(value: unknown): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

export const ofType = (
  { Resources }: Template,
  type: string,
): [name: string, properties: Fields, resource: Resource][] =>
  Object.entries(Resources).flatMap(([name, resource]) =>
    resource.Type === type ? [[name, resource.Properties ?? {}, resource]] : [],
  );

/** The findings of those checks that are not met. */
export const unmet = (resource: string, checks: readonly (readonly [isMet: boolean, message: string])[]): Finding[] =>
  checks.flatMap(([isMet, message]) => (isMet ? [] : [{ resource, message }]));

/** The logical id that a reference, an attribute or a text with one of them leads to. */
export function referenceOf(value: unknown): string | undefined {
  const { Ref: reference, "Fn::GetAtt": attribute } = fieldsOf(value);
  if (typeof reference === "string") return reference;
  return typeof attribute === "string" ? attribute.split(".")[0] : listOf<string>(attribute)[0];
}
