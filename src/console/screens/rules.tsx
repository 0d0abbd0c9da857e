import type { Json } from "../contract.ts";
import { count } from "../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { Empty } from "../notice.tsx";
import { bus } from "../status.ts";

/** The rules of the bus, what they match, and where they send it. */
export function Rules() {
  const rules = bus.data.value?.rules ?? [];
  return (
    <section aria-labelledby="rules">
      <h2 id="rules">Rules</h2>
      {rules.length === 0 ? (
        <Empty title="The bus has no rules">Declare one in serverless.yml, or put one with the AWS CLI.</Empty>
      ) : (
        <ul class="card rules">
          {rules.map(({ name, bus: on, pattern, isEnabled, isDeclared, targets, matched }) => (
            <li key={`${on} ${name}`}>
              <div class="rule-head">
                <h3>{name}</h3>
                <span class="muted">matched {count(matched)} of the last 1,000</span>
              </div>
              <p class="muted">
                {`on ${on}, to ${targets.join(", ") || "no target"}`}
                {!isEnabled && <span class="badge">disabled</span>}
                {!isDeclared && <span class="badge">not in serverless.yml</span>}
              </p>
              <details class="more">
                <summary>Pattern</summary>
                <JsonTree value={pattern as Json} />
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
