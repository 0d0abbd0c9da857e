import { inOneLine } from "./cell.tsx";
import type { Json } from "./contract.ts";
import { type Difference, pathText } from "./difference.ts";

/** What an event changed, a line for each field. */
export function DifferenceView({ changes }: { readonly changes: readonly Difference[] }) {
  if (changes.length === 0) return <p class="muted">This event left the state as it was.</p>;
  return (
    <dl class="changes">
      {changes.map(({ path, before, after }) => (
        <div key={pathText(path)}>
          <dt>{path.length === 0 ? "state" : pathText(path)}</dt>
          <dd>
            {before !== undefined && <Value as="del" value={before} />}
            {before !== undefined && after !== undefined && <span aria-hidden="true">→</span>}
            {after !== undefined && <Value as="ins" value={after} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ as: Tag, value }: { readonly as: "del" | "ins"; readonly value: Json }) {
  return (
    <Tag>
      <span class="for-readers">{Tag === "del" ? "before: " : "after: "}</span>
      {inOneLine(value)}
    </Tag>
  );
}
