import { computed } from "@preact/signals";
import { useState } from "preact/hooks";
import type { StoredEvent } from "../contract.ts";
import { newestEvents } from "../event-log.ts";
import { entityHref, go } from "../router.ts";
import { Ago } from "../time.tsx";
import { Creations, NoEvents } from "./no-events.tsx";

/** Finds an entity of any aggregate. */
export function EntitiesScreen() {
  const entities = newestEntities.value;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Entities</h1>
          <p class="lead">
            Every entity is the sum of its events. Open one by its id, or one of those that changed last.
          </p>
        </div>
        {entities.length > 0 && <Creations />}
      </header>
      <OpenById />
      <section aria-labelledby="changed">
        <h2 id="changed">Changed last</h2>
        {entities.length === 0 ? <NoEvents /> : <EntityTable events={entities} />}
      </section>
    </div>
  );
}

/** The newest event of each entity among those that are at hand. */
const newestEntities = computed(() => {
  const newest = new Map<string, StoredEvent>();
  for (const event of newestEvents.value) {
    if (!newest.has(event.entityId)) newest.set(event.entityId, event);
    if (newest.size === SHOWN) break;
  }
  return [...newest.values()];
});

const SHOWN = 50;

function OpenById() {
  const [id, setId] = useState("");
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim() !== "") go(["entities", id.trim()]);
      }}
    >
      <label class="for-readers" for="entity-id">
        Entity id
      </label>
      <input
        id="entity-id"
        type="search"
        placeholder="Entity id"
        value={id}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setId(event.currentTarget.value)}
      />
      <button type="submit" class="button primary">
        Open
      </button>
    </form>
  );
}

function EntityTable({ events }: { readonly events: readonly StoredEvent[] }) {
  return (
    <div class="card table-card">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Entity</th>
            <th scope="col" class="wide">
              Aggregate
            </th>
            <th scope="col" class="num">
              Version
            </th>
            <th scope="col">Last event</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ entityId, aggregateType, sequenceNumber, eventType, eventTime }) => (
            <tr key={entityId}>
              <td>
                <a href={entityHref(entityId)} class="break">
                  {entityId}
                </a>
              </td>
              <td class="wide">{aggregateType}</td>
              <td class="num">{sequenceNumber}</td>
              <td>{eventType}</td>
              <td class="muted">
                <Ago iso={eventTime} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
