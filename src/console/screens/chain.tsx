import { addressOf } from "../api.ts";
import type { RelatedEvents, StoredEvent } from "../contract.ts";
import { keyOf } from "../event-log.ts";
import { Failed } from "../notice.tsx";
import { useResource } from "../resource.ts";
import { entityHref } from "../router.ts";
import { Time } from "../time.tsx";

interface ChainProps {
  readonly entityId: string;
  readonly sequenceNumber: number;
}

/** The events of one correlation across entities, each below the one that caused it. */
export function Chain({ entityId, sequenceNumber }: ChainProps) {
  const address = addressOf("api", "/operations/events/related", { entityId, sequenceNumber });
  const related = useResource<RelatedEvents>(address);
  const { error, data } = related;
  if (error.value) return <Failed error={error.value} again={() => void related.refresh()} />;
  if (!data.value) return <p class="muted">Looking for related events…</p>;
  const { events, isComplete, from, to } = data.value;
  const ids = new Set(events.map(({ eventId }) => eventId));
  const roots = events.filter(({ causationId }) => causationId === undefined || !ids.has(causationId));
  return (
    <>
      {events.length <= 1 ? (
        <p class="muted">No other event has its correlation, caused it, or was caused by it.</p>
      ) : (
        <Links events={roots} all={events} here={keyOf({ entityId, sequenceNumber })} />
      )}
      <p class="hint">
        Searched from <Time iso={from} /> to <Time iso={to} />
        {isComplete ? "." : "; there were more events in that time than are searched."}
      </p>
    </>
  );
}

interface LinksProps {
  readonly events: readonly StoredEvent[];
  readonly all: readonly StoredEvent[];
  readonly here: string;
}

function Links({ events, all, here }: LinksProps) {
  return (
    <ol class="chain">
      {events.map((event) => {
        const caused = all.filter(({ causationId }) => causationId === event.eventId);
        return (
          <li key={event.eventId}>
            <a
              href={entityHref(event.entityId, event.sequenceNumber)}
              aria-current={keyOf(event) === here ? "true" : undefined}
            >
              <strong>{event.eventType}</strong>
              <span>
                {event.entityId} <span class="muted">#{event.sequenceNumber}</span>
              </span>
              <span class="muted">
                <Time iso={event.eventTime} />
              </span>
            </a>
            {caused.length > 0 && <Links events={caused} all={all} here={here} />}
          </li>
        );
      })}
    </ol>
  );
}
