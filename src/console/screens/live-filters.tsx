import { useEffect, useState } from "preact/hooks";
import type { StoredEvent } from "../contract.ts";
import { adjust } from "../router.ts";
import { eventTypes } from "../service.ts";

export interface Filters {
  readonly type: string;
  readonly entity: string;
  readonly user: string;
  readonly correlation: string;
}

export const filtersOf = (query: Readonly<Record<string, string>>): Filters => ({
  type: query.type ?? "",
  entity: query.entity ?? "",
  user: query.user ?? "",
  correlation: query.correlation ?? "",
});

export const isFiltered = (filters: Filters): boolean => Object.values(filters).some((text) => text !== "");

export const matches = (event: StoredEvent, { type, entity, user, correlation }: Filters): boolean =>
  (type === "" || event.eventType === type) &&
  (entity === "" || event.entityId.includes(entity)) &&
  (user === "" || event.userId.includes(user)) &&
  (correlation === "" || event.correlationId.includes(correlation));

/** What is shown of the stream; it stands in the address. */
export function LiveFilters({ filters }: { readonly filters: Filters }) {
  return (
    <search class="filters">
      <label>
        <span>Event type</span>
        <select value={filters.type} onChange={(event) => adjust({ type: event.currentTarget.value })}>
          <option value="">All types</option>
          {eventTypes.value.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </select>
      </label>
      <TextFilter label="Entity" name="entity" value={filters.entity} />
      <TextFilter label="User" name="user" value={filters.user} />
      <TextFilter label="Correlation" name="correlation" value={filters.correlation} />
      {isFiltered(filters) && (
        <button type="button" class="button quiet" onClick={() => adjust(NO_FILTERS)}>
          Clear filters
        </button>
      )}
    </search>
  );
}

const NO_FILTERS = { type: undefined, entity: undefined, user: undefined, correlation: undefined };

interface TextFilterProps {
  readonly label: string;
  readonly name: keyof Filters;
  readonly value: string;
}

/** Takes effect a moment after the last key. */
function TextFilter({ label, name, value }: TextFilterProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => adjust({ [name]: text.trim() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, name, value]);
  return (
    <label>
      <span>{label}</span>
      <input
        type="search"
        value={text}
        placeholder="All"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

const TYPING_MS = 250;
