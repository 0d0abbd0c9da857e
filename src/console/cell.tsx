import type { Json } from "./contract.ts";
import { Leaf } from "./json-tree.tsx";
import { isFields } from "./key-order.ts";

/** A value in a cell of a table, on one line. */
export function Cell({ value }: { readonly value: Json | undefined }) {
  if (value === undefined) return <span class="muted">–</span>;
  if (value === null) return <span class="muted">null</span>;
  if (typeof value !== "object") return <Leaf value={value} />;
  const text = inOneLine(value);
  return (
    <span class="clip" title={JSON.stringify(value, null, 2)}>
      {text}
    </span>
  );
}

/** `500 EUR` of an amount and its currency; with its keys what has more in it. */
export function inOneLine(value: Json): string {
  if (isFields(value)) {
    const keys = Object.keys(value).sort();
    if (keys.length === 0) return "no fields";
    const isShort = keys.length <= FEW && keys.every((key) => isPlain(value[key]));
    return isShort
      ? keys.map((key) => inOneLine(value[key] ?? null)).join(" ")
      : keys.map((key) => `${key} ${inBrackets(value[key] ?? null)}`).join(", ");
  }
  if (Array.isArray(value)) return value.length === 0 ? "empty list" : value.map(inBrackets).join(", ");
  return value === "" ? "empty text" : String(value);
}

const FEW = 2;

const isPlain = (value: Json | undefined): boolean => typeof value !== "object" && value !== "";

const inBrackets = (value: Json): string =>
  typeof value === "object" && value !== null ? `(${inOneLine(value)})` : inOneLine(value);
