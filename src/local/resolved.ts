/** Reading values that the framework resolved from serverless.yml, of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export const numberOr = (value: unknown, otherwise: number): number =>
  value === undefined ? otherwise : Number(value);

/** The logical id behind `!GetAtt X.Arn` or `!Ref X`; a plain text stands for itself. */
export function logicalId(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const { "Fn::GetAtt": attribute, Ref: reference } = fieldsOf(value);
  if (typeof reference === "string") return reference;
  const [id] =
    typeof attribute === "string" ? attribute.split(".") : Array.isArray(attribute) ? (attribute as string[]) : [];
  return id;
}

export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
