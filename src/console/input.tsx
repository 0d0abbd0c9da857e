import { useId, useState } from "preact/hooks";
import type { Json, JsonSchema } from "./contract.ts";
import type { ResolvedProps } from "./fields.tsx";
import { words } from "./format.ts";

/** A field of one value, with what its schema says beside it. */
export function Input(props: ResolvedProps) {
  const { name, path, errors, resolved, isRequired } = props;
  const id = useId();
  const error = errors.get(path);
  const { description } = resolved.schema;
  const hint = typeof description === "string" ? description : undefined;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const attributes = {
    id,
    name: path,
    "aria-invalid": error !== undefined,
    "aria-describedby": described || undefined,
  };
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {words(name)}
        {!isRequired && <span class="muted"> (optional)</span>}
      </label>
      <Control {...props} attributes={attributes} />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

type ControlProps = ResolvedProps & { readonly attributes: { readonly id: string; readonly name: string } };

function Control(props: ControlProps) {
  const { shape } = props.resolved;
  if (shape.kind === "choice") return <Choice {...props} values={shape.values} />;
  if (shape.kind === "integer" || shape.kind === "number") return <NumberInput {...props} />;
  if (shape.kind === "boolean")
    return (
      <input
        type="checkbox"
        {...props.attributes}
        checked={props.value === true}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
    );
  if (shape.kind === "string") return <TextInput {...props} />;
  return <JsonInput {...props} />;
}

function TextInput({ resolved: { schema }, value, isRequired, onChange, attributes }: ControlProps) {
  const { minLength, maxLength, pattern } = schema;
  // An empty text is left out where it may be, and sent where it must be.
  const change = (text: string): void => onChange(text === "" && !isRequired ? undefined : text);
  const common = {
    ...attributes,
    value: typeof value === "string" ? value : "",
    required: isRequired && typeof minLength === "number" && minLength > 0,
    maxLength: typeof maxLength === "number" ? maxLength : undefined,
    autocomplete: "off",
  } as const;
  if (typeof maxLength === "number" && maxLength > LONG_TEXT)
    return <textarea {...common} rows={3} onInput={(event) => change(event.currentTarget.value)} />;
  return (
    <input
      {...common}
      {...typeOf(schema)}
      pattern={typeof pattern === "string" ? pattern : undefined}
      title={typeof pattern === "string" ? `of the form ${pattern}` : undefined}
      onInput={(event) => change(event.currentTarget.value)}
    />
  );
}

function typeOf({ format }: JsonSchema) {
  if (format === "email") return { type: "email" } as const;
  if (format === "date") return { type: "date" } as const;
  return format === "uri" ? ({ type: "url" } as const) : ({ type: "text" } as const);
}

function NumberInput({ resolved: { schema, shape }, value, isRequired, onChange, attributes }: ControlProps) {
  const { minimum, maximum, multipleOf } = schema;
  const step = typeof multipleOf === "number" ? multipleOf : shape.kind === "integer" ? 1 : "any";
  return (
    <input
      {...attributes}
      type="number"
      required={isRequired}
      min={typeof minimum === "number" ? minimum : undefined}
      max={typeof maximum === "number" ? maximum : undefined}
      step={step}
      value={typeof value === "number" ? value : ""}
      onInput={({ currentTarget: { value: text } }) => onChange(text === "" ? undefined : Number(text))}
    />
  );
}

function Choice({ value, onChange, attributes, values }: ControlProps & { readonly values: readonly Json[] }) {
  const index = values.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
  return (
    <select {...attributes} value={index} onChange={(event) => onChange(values[Number(event.currentTarget.value)])}>
      {index < 0 && <option value={-1}>Choose</option>}
      {values.map((one, place) => (
        <option key={JSON.stringify(one)} value={place}>
          {String(one)}
        </option>
      ))}
    </select>
  );
}

/** Where no field can be made of the schema, the value is written as JSON. */
function JsonInput({ value, isRequired, onChange, attributes }: ControlProps) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const change = (area: HTMLTextAreaElement): void => {
    setText(area.value);
    try {
      onChange(area.value.trim() === "" ? undefined : (JSON.parse(area.value) as Json));
      area.setCustomValidity("");
    } catch {
      area.setCustomValidity('expected JSON, such as {"name": "Tea"} or "a text"');
    }
  };
  return (
    <textarea
      {...attributes}
      class="mono"
      rows={4}
      required={isRequired}
      value={text}
      placeholder="JSON"
      onInput={(event) => change(event.currentTarget)}
    />
  );
}

const LONG_TEXT = 500;
