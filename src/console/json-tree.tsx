import { useState } from "preact/hooks";
import type { Json, JsonFields, JsonSchema } from "./contract.ts";
import { pathText } from "./difference.ts";
import { isDateTime, plural } from "./format.ts";
import { schemaWithin } from "./json-schema.ts";
import { orderedKeys } from "./key-order.ts";
import { Time } from "./time.tsx";

interface TreeProps {
  readonly value: Json;
  /** Gives the order of keys. */
  readonly schema?: JsonSchema | undefined;
  /** Paths of fields that are marked as changed. */
  readonly changed?: ReadonlySet<string> | undefined;
}

/** A value of JSON as a tree that can be folded. */
export function JsonTree(props: TreeProps) {
  const { value } = props;
  if (isNested(value)) return <Branch {...props} value={value} path={[]} />;
  return <Leaf value={value} />;
}

type Nested = JsonFields | readonly Json[];
type BranchProps = TreeProps & { readonly value: Nested; readonly path: readonly string[] };

const isNested = (value: Json): value is Nested => typeof value === "object" && value !== null;

function Branch({ value, schema, changed, path }: BranchProps) {
  const [isWhole, setWhole] = useState(false);
  const keys = Array.isArray(value) ? Object.keys(value) : orderedKeys(value as JsonFields, schema);
  if (keys.length === 0) return <span class="muted">{Array.isArray(value) ? "empty list" : "no fields"}</span>;
  const shown = isWhole ? keys : keys.slice(0, MOST_FIELDS);
  return (
    <ul class="tree">
      {shown.map((key) => {
        const field = (value as JsonFields)[key] ?? null;
        const props = { value: field, schema: schemaWithin(schema, value, key), changed, path: [...path, key] };
        return <Field key={key} name={key} {...props} />;
      })}
      {shown.length < keys.length && (
        <li>
          <button type="button" class="link" onClick={() => setWhole(true)}>
            Show all {keys.length}
          </button>
        </li>
      )}
    </ul>
  );
}

function Field({ name, value, ...props }: TreeProps & { readonly name: string; readonly path: readonly string[] }) {
  const isMarked = props.changed?.has(pathText(props.path));
  const description = props.schema?.description;
  const title = typeof description === "string" ? description : undefined;
  if (!isNested(value) || Object.keys(value).length === 0)
    return (
      <li class={isMarked ? "changed" : undefined}>
        <span class="key" title={title}>
          {name}
        </span>
        {isNested(value) ? <Branch {...props} value={value} /> : <Leaf value={value} />}
      </li>
    );
  return (
    <li class={isMarked ? "changed" : undefined}>
      <details open={props.path.length < OPEN_DEPTH}>
        <summary>
          <span class="key" title={title}>
            {name}
          </span>
          <span class="muted preview">
            {Array.isArray(value) ? plural(value.length, "item") : plural(Object.keys(value).length, "field")}
          </span>
        </summary>
        <Branch {...props} value={value} />
      </details>
    </li>
  );
}

/** A text, number, boolean or null. */
export function Leaf({ value }: { readonly value: Json }) {
  const [isWhole, setWhole] = useState(false);
  if (value === null) return <span class="value none">null</span>;
  if (typeof value !== "string") return <span class={`value ${typeof value}`}>{JSON.stringify(value)}</span>;
  if (value === "") return <span class="value none">empty text</span>;
  if (isDateTime(value)) return <Time iso={value} />;
  if (value.length <= LONG_TEXT || isWhole) return <span class="value string">{value}</span>;
  return (
    <span class="value string">
      {value.slice(0, LONG_TEXT)}…{" "}
      <button type="button" class="link" onClick={() => setWhole(true)}>
        Show all {value.length} characters
      </button>
    </span>
  );
}

const MOST_FIELDS = 50;
const OPEN_DEPTH = 4;
const LONG_TEXT = 300;
