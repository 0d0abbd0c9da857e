import { useState } from "preact/hooks";
import { ApiError, addressOf, post } from "../api.ts";
import type { Json, PatternTest } from "../contract.ts";
import { count, plural } from "../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { errorText } from "../notice.tsx";
import { eventTypes } from "../service.ts";

/** Tries a rule's pattern against the last events of the bus. */
export function PatternBox() {
  const [text, setText] = useState<string>();
  const [result, setResult] = useState<PatternTest>();
  const [error, setError] = useState<string>();
  const shown = text ?? exampleFor(eventTypes.value[0]);
  const test = async (): Promise<void> => {
    setError(undefined);
    try {
      const pattern = JSON.parse(shown) as Json;
      setResult(await post<PatternTest>(addressOf("local", "/bus/test-pattern"), { pattern }));
    } catch (refused) {
      setResult(undefined);
      setError(refused instanceof ApiError ? refused.message : `This is no JSON: ${errorText(refused)}`);
    }
  };
  return (
    <section class="card" aria-labelledby="pattern">
      <h2 id="pattern">Try a pattern</h2>
      <p class="muted">Against the last 1,000 events of the bus, as EventBridge would match it.</p>
      <form
        class="pattern"
        onSubmit={(event) => {
          event.preventDefault();
          void test();
        }}
      >
        <label class="for-readers" for="pattern-text">
          Event pattern, as JSON
        </label>
        <textarea
          id="pattern-text"
          class="mono"
          rows={6}
          spellcheck={false}
          value={shown}
          aria-invalid={error !== undefined}
          aria-describedby={error ? "pattern-error" : undefined}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button primary">
          Try it
        </button>
      </form>
      {error && (
        <p class="field-error" id="pattern-error" role="alert">
          {error}
        </p>
      )}
      {result && <Matched result={result} />}
    </section>
  );
}

const exampleFor = (eventType = "SomethingHappened"): string => JSON.stringify({ "detail-type": [eventType] }, null, 2);

function Matched({ result: { tried, matched, examples } }: { readonly result: PatternTest }) {
  return (
    <div role="status">
      <p class={matched > 0 ? "good" : ""}>
        {tried === 0
          ? "There are no events on the bus to try it against. Send a command first."
          : `It matches ${count(matched)} of ${plural(tried, "event")}.`}
      </p>
      {examples.map((example, index) => (
        <details class="more" key={index} open={index === 0}>
          <summary>{String((example as { "detail-type"?: unknown })["detail-type"] ?? `Match ${index + 1}`)}</summary>
          <JsonTree value={example as Json} schema={ENVELOPE} />
        </details>
      ))}
    </div>
  );
}

const ENVELOPE = { type: "object", properties: { source: {}, "detail-type": {}, time: {}, id: {}, detail: {} } };
