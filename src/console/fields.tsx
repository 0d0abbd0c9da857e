import { useId, useState } from "preact/hooks";
import type { Json, JsonFields, JsonSchema } from "./contract.ts";
import { words } from "./format.ts";
import { Input } from "./input.tsx";
import { type Resolved, resolve, startingValue } from "./json-schema.ts";

export interface FieldProps {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  readonly name: string;
  /** As the server writes it in its answers: `price.amount`. */
  readonly path: string;
  readonly value: Json | undefined;
  readonly isRequired: boolean;
  /** What the server found wrong, by path. */
  readonly errors: ReadonlyMap<string, string>;
  readonly onChange: (value: Json | undefined) => void;
}

/** A field of a form, as the JSON schema has it. */
export function Field(props: FieldProps) {
  const resolved = resolve(props.schema, props.root);
  if (resolved.isNullable) return <Nullable {...props} resolved={resolved} />;
  return <Present {...props} resolved={resolved} />;
}

export type ResolvedProps = FieldProps & { readonly resolved: Resolved };

function Nullable(props: ResolvedProps) {
  const { value, name, resolved, root, onChange } = props;
  const isNull = value === null || value === undefined;
  const start = (): void => onChange(startingValue(resolved.schema, root) ?? "");
  return (
    <div class="nullable">
      {isNull ? <p class="field-label">{words(name)}</p> : <Present {...props} />}
      <label class="check">
        <input
          type="checkbox"
          checked={isNull}
          onChange={(event) => (event.currentTarget.checked ? onChange(null) : start())}
        />
        {`No ${words(name).toLowerCase()}`}
      </label>
    </div>
  );
}

function Present(props: ResolvedProps) {
  const { kind } = props.resolved.shape;
  if (kind === "object") return <Fields {...props} />;
  if (kind === "array") return <Items {...props} />;
  if (kind === "variants") return <Variants {...props} />;
  return <Input {...props} />;
}

/** The fields of an object; the outermost have no frame around them. */
export function Fields({ resolved, root, name, path, value, errors, onChange }: ResolvedProps) {
  const { shape } = resolved;
  if (shape.kind !== "object") return null;
  const given = Object(value) as JsonFields;
  const change = (key: string, next: Json | undefined): void => {
    const { [key]: _, ...others } = given;
    onChange(next === undefined ? others : { ...others, [key]: next });
  };
  const fields = Object.entries(shape.fields).map(([key, schema]) => (
    <Field
      key={key}
      name={key}
      {...{ schema, root, errors }}
      path={path === "" ? key : `${path}.${key}`}
      value={given[key]}
      isRequired={shape.required.includes(key)}
      onChange={(next) => change(key, next)}
    />
  ));
  if (path === "") return <>{fields}</>;
  return (
    <fieldset>
      <legend>{words(name)}</legend>
      <div class="field-row">{fields}</div>
    </fieldset>
  );
}

function Items({ resolved, root, name, path, value, errors, onChange }: ResolvedProps) {
  const { shape } = resolved;
  if (shape.kind !== "array") return null;
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const replace = (index: number, next: readonly Json[]): void =>
    onChange([...items.slice(0, index), ...next, ...items.slice(index + 1)]);
  return (
    <fieldset>
      <legend>{words(name)}</legend>
      {items.map((item, index) => (
        <div class="item" key={index}>
          <Field
            name={`${name} ${index + 1}`}
            schema={shape.items}
            {...{ root, errors }}
            path={`${path}.${index}`}
            value={item}
            isRequired
            onChange={(next) => replace(index, [next ?? null])}
          />
          <button type="button" class="button" onClick={() => replace(index, [])}>
            Remove {words(name).toLowerCase()} {index + 1}
          </button>
        </div>
      ))}
      <button type="button" class="button" onClick={() => onChange([...items, startingValue(shape.items, root) ?? ""])}>
        Add one
      </button>
    </fieldset>
  );
}

function Variants(props: ResolvedProps) {
  const { shape } = props.resolved;
  const [chosen, choose] = useState(0);
  const id = useId();
  if (shape.kind !== "variants") return null;
  const change = (index: number): void => {
    choose(index);
    props.onChange(startingValue(shape.variants[index] ?? {}, props.root));
  };
  return (
    <div class="variants">
      <label class="field-label" for={id}>
        Form of {words(props.name).toLowerCase()}
      </label>
      <select id={id} value={chosen} onChange={(event) => change(Number(event.currentTarget.value))}>
        {shape.variants.map((variant, index) => (
          <option key={nameOf(variant, index)} value={index}>
            {nameOf(variant, index)}
          </option>
        ))}
      </select>
      <Field {...props} schema={shape.variants[chosen] ?? {}} />
    </div>
  );
}

function nameOf(variant: JsonSchema, index: number): string {
  if (typeof variant.title === "string") return variant.title;
  const fields = Object.entries(Object(variant.properties) as Record<string, JsonSchema>);
  const constant = fields.find(([, field]) => typeof field.const === "string");
  if (constant) return `${constant[0]} ${constant[1].const}`;
  return typeof variant.type === "string" ? `${index + 1}: ${variant.type}` : `Form ${index + 1}`;
}
