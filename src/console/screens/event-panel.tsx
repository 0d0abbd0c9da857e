import type { ComponentChildren } from "preact";
import { addressOf, part } from "../api.ts";
import type { StoredEvent } from "../contract.ts";
import { CopyButton } from "../copy-button.tsx";
import { exact } from "../format.ts";
import { Icon } from "../icon.tsx";
import { JsonTree } from "../json-tree.tsx";
import { Failed } from "../notice.tsx";
import { useResource } from "../resource.ts";
import { entityHref, hrefTo } from "../router.ts";
import { schemaOfEvent } from "../service.ts";
import { Ago } from "../time.tsx";
import { Chain } from "./chain.tsx";

interface PanelProps {
  /** `p-1#7` */
  readonly of: string;
  /** The event, where it is at hand. */
  readonly known: StoredEvent | undefined;
  readonly onClose: () => void;
}

/** One event with all that is stored of it, beside a list. */
export function EventPanel({ of, known, onClose }: PanelProps) {
  return (
    <aside class="panel card" aria-label={`Event ${of}`}>
      <button type="button" class="button quiet icon-only panel-close" aria-label="Close the event" onClick={onClose}>
        <Icon name="close" />
      </button>
      {known ? <EventDetail event={known} /> : <Fetched of={of} />}
    </aside>
  );
}

function Fetched({ of }: { readonly of: string }) {
  const split = of.lastIndexOf("#");
  const [entityId, number] = [of.slice(0, split), of.slice(split + 1)];
  const address = addressOf("api", `/entities/${part(entityId)}/events`, { from: number, to: number });
  const { data, error, refresh } = useEvents(address);
  const event = data.value?.events[0];
  if (error.value) return <Failed error={error.value} again={refresh} />;
  return event ? <EventDetail event={event} /> : <p class="muted">Reading the event…</p>;
}

function useEvents(address: string) {
  const resource = useResource<{ readonly events: readonly StoredEvent[] }>(address);
  return { data: resource.data, error: resource.error, refresh: () => void resource.refresh() };
}

function EventDetail({ event }: { readonly event: StoredEvent }) {
  const { entityId, sequenceNumber, eventType, eventTime, eventData } = event;
  return (
    <>
      <h2>{eventType}</h2>
      <p>
        <a href={entityHref(entityId, sequenceNumber)}>
          {entityId} at version {sequenceNumber}
        </a>
        <span class="muted">
          , <Ago iso={eventTime} />
        </span>
      </p>
      <h3>
        Data <CopyButton value={eventData} />
      </h3>
      <JsonTree value={eventData} schema={schemaOfEvent(event)} />
      <h3>Stored with it</h3>
      <EventFacts event={event} />
      <h3>Correlation and causation</h3>
      <Chain entityId={entityId} sequenceNumber={sequenceNumber} />
    </>
  );
}

/** Everything beside the data. */
export function EventFacts({ event }: { readonly event: StoredEvent }) {
  const { eventId, eventTime, userId, correlationId, causationId, commandId, version, aggregateType } = event;
  return (
    <dl class="facts">
      <Fact name="Time">{exact(eventTime)}</Fact>
      <Fact name="User">
        <a href={hrefTo(["live"], { user: userId })}>{userId}</a>
      </Fact>
      <Fact name="Aggregate">{aggregateType}</Fact>
      <Fact name="Schema version">{version}</Fact>
      <Fact name="Event id">
        <code>{eventId}</code>
      </Fact>
      <Fact name="Correlation id">
        <a href={hrefTo(["live"], { correlation: correlationId })}>
          <code>{correlationId}</code>
        </a>
      </Fact>
      {causationId && (
        <Fact name="Causation id">
          <code>{causationId}</code>
        </Fact>
      )}
      {commandId && (
        <Fact name="Command id">
          <code>{commandId}</code>
        </Fact>
      )}
    </dl>
  );
}

export const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
