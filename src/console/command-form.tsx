import { useMemo, useState } from "preact/hooks";
import { ApiError } from "./api.ts";
import type { Accepted, Command, Json, JsonFields, JsonSchema } from "./contract.ts";
import { Fields } from "./fields.tsx";
import { words } from "./format.ts";
import { fieldsIn, resolve, startingValue } from "./json-schema.ts";
import { errorText, Failed } from "./notice.tsx";
import { sendCommand } from "./send-command.ts";

export interface CommandTarget {
  readonly entityId: string;
  /** The version that the reader has seen. */
  readonly version: number;
  readonly state: unknown;
}

interface FormProps {
  readonly command: Command;
  /** Undefined for a command that makes an entity. */
  readonly target: CommandTarget | undefined;
  readonly onStored: (accepted: Accepted) => void;
}

/** A form made of a command's schema. */
export function CommandForm({ command, target, onStored }: FormProps) {
  const schema = useMemo(() => schemaWithId(command), [command]);
  const [data, setData] = useState(() => startingData(schema, target?.state));
  const [expectsVersion, setExpectsVersion] = useState(true);
  const [correlationId, setCorrelationId] = useState("");
  const [error, setError] = useState<ApiError>();
  const [isSending, setSending] = useState(false);
  // One key for all tries of the same data: a command whose answer was lost is not carried out twice.
  const idempotencyKey = useMemo(() => crypto.randomUUID(), [data]);

  const submit = async (): Promise<void> => {
    setSending(true);
    setError(undefined);
    try {
      const expectedVersion = target && expectsVersion ? target.version : undefined;
      onStored(await sendCommand({ command, data, target, expectedVersion, correlationId, idempotencyKey }));
    } catch (refused) {
      setError(refused instanceof ApiError ? refused : new ApiError(errorText(refused), 0));
    } finally {
      setSending(false);
    }
  };
  const errors = new Map(error?.fields.map(({ path, message }) => [path, message]));
  return (
    <form
      class="dialog-body form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Fields
        {...{ schema, root: schema, errors, resolved: resolve(schema, schema), isRequired: true, value: data }}
        name={command.command}
        path=""
        onChange={(next) => setData(Object(next) as JsonFields)}
      />
      {Object.keys(fieldsIn(schema)).length === 0 && <p class="muted">This command has no data.</p>}
      <details class="more">
        <summary>Headers</summary>
        {target && (
          <label class="check">
            <input
              type="checkbox"
              checked={expectsVersion}
              onChange={(event) => setExpectsVersion(event.currentTarget.checked)}
            />
            Only if it is still at version {target.version} (If-Match)
          </label>
        )}
        <label class="field-label" for="correlation-id">
          Correlation id <span class="muted">(optional)</span>
        </label>
        <input
          id="correlation-id"
          value={correlationId}
          maxLength={200}
          onInput={(event) => setCorrelationId(event.currentTarget.value)}
        />
      </details>
      {error && <Failed error={error} again={() => void submit()} />}
      <footer>
        <span class="muted mono">POST {command.path.replace("{id}", target?.entityId ?? "{id}")}</span>
        <button type="submit" class="button primary" disabled={isSending}>
          {isSending ? "Sending…" : words(command.command)}
        </button>
      </footer>
    </form>
  );
}

/** With the optional field for the id of what is made. */
function schemaWithId({ schema, idField }: Command): JsonSchema {
  const own: JsonSchema = schema ?? { type: "object" };
  if (idField === undefined) return own;
  const id: JsonSchema = { type: "string", maxLength: 200, description: "Without one, an id is made." };
  return { ...own, properties: { [idField]: id, ...fieldsIn(own) } };
}

/** A change begins with what is so now. */
function startingData(schema: JsonSchema, state: unknown): JsonFields {
  const started = Object(startingValue(schema, schema)) as JsonFields;
  const now = Object(state) as JsonFields;
  const known = Object.keys(fieldsIn(schema)).flatMap((name): [string, Json][] => {
    const value = now[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...started, ...Object.fromEntries(known) };
}
