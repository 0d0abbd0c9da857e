import { useState } from "preact/hooks";
import type { Json, StoredEvent } from "../contract.ts";
import { JsonTree } from "../json-tree.tsx";
import { Failed } from "../notice.tsx";
import { useResource } from "../resource.ts";
import { aggregateOf, schemaOfEvent } from "../service.ts";
import type { EntityModel } from "./entity-model.ts";

/** What an event is published as; fetched when it is opened. */
export function OnTheBus({ entity, event }: { readonly entity: EntityModel; readonly event: StoredEvent }) {
  const [isOpen, setOpen] = useState(false);
  const { sequenceNumber, aggregateType, eventType } = event;
  const published = entity.detail.data.value?.published ?? 0;
  const declared = aggregateOf(aggregateType)?.events.find((one) => one.eventType === eventType);
  const isPrivate = declared !== undefined && declared.publishedAs === undefined;
  const standing = isPrivate ? "not published" : sequenceNumber <= published ? "published" : "waits to be published";
  return (
    <details class="more" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        On the bus <span class="muted">{standing}</span>
      </summary>
      {isOpen && <Envelope key={sequenceNumber} entity={entity} event={event} />}
    </details>
  );
}

function Envelope({ entity, event }: { readonly entity: EntityModel; readonly event: StoredEvent }) {
  const { address } = entity.publishedAt(event.sequenceNumber);
  const envelopes = useResource<{ readonly events: readonly Json[] }>(address);
  if (envelopes.error.value) return <Failed error={envelopes.error.value} again={() => void envelopes.refresh()} />;
  if (!envelopes.data.value) return <p class="muted">Reading what is published…</p>;
  const [envelope] = envelopes.data.value.events;
  if (envelope === undefined) return <p class="muted">The service declares that this event stays private.</p>;
  const own = schemaOfEvent(event);
  return (
    <JsonTree value={envelope} schema={{ type: "object", properties: { ...FIRST, ...(own ? { data: own } : {}) } }} />
  );
}

const FIRST = {
  eventType: {},
  entityId: {},
  sequenceNumber: {},
  eventId: {},
  aggregateType: {},
  version: {},
  correlationId: {},
};
