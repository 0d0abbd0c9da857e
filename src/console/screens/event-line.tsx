import { inOneLine } from "../cell.tsx";
import type { StoredEvent } from "../contract.ts";
import { orderedKeys } from "../key-order.ts";
import { entityHref } from "../router.ts";
import { schemaOfEvent } from "../service.ts";
import { Time } from "../time.tsx";

/** An event on one line, with the way to its entity. */
export function EventLine({ event }: { readonly event: StoredEvent }) {
  return (
    <a class="event-line" href={entityHref(event.entityId, event.sequenceNumber)}>
      <EventColumns event={event} />
    </a>
  );
}

export function EventColumns({ event }: { readonly event: StoredEvent }) {
  const { entityId, sequenceNumber, eventType, eventTime, userId } = event;
  return (
    <>
      <span class="event-time muted">
        <Time iso={eventTime} />
      </span>
      <span class="event-type">{eventType}</span>
      <span class="event-entity clip">
        {entityId} <span class="muted">#{sequenceNumber}</span>
      </span>
      <span class="event-data clip muted">{dataInOneLine(event)}</span>
      <span class="event-user clip muted">{userId}</span>
    </>
  );
}

export function dataInOneLine(event: StoredEvent): string {
  const { eventData } = event;
  return orderedKeys(eventData, schemaOfEvent(event))
    .map((key) => `${key} ${inOneLine(eventData[key] ?? null)}`)
    .join(" · ");
}
