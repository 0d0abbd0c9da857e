import { useEffect, useRef } from "preact/hooks";
import type { EntityState, Json, StoredEvent } from "../contract.ts";
import { CopyButton } from "../copy-button.tsx";
import { differences, pathText } from "../difference.ts";
import { DifferenceView } from "../difference-view.tsx";
import { JsonTree } from "../json-tree.tsx";
import { Failed } from "../notice.tsx";
import { fieldsOfAggregates, schemaOfEvent } from "../service.ts";
import { Ago } from "../time.tsx";
import { Chain } from "./chain.tsx";
import type { EntityModel } from "./entity-model.ts";
import { EventFacts } from "./event-panel.tsx";
import { OnTheBus } from "./on-the-bus.tsx";
import { VersionSlider } from "./version-slider.tsx";

interface VersionProps {
  readonly entity: EntityModel;
  readonly version: number;
  readonly onShow: (version: number) => void;
}

/** The entity as it was after one event, and what that event did. */
export function EntityVersion({ entity, version, onShow }: VersionProps) {
  const event = useEventAt(entity, version);
  return (
    <section class="version" aria-labelledby="version">
      <VersionSlider entity={entity} version={version} onShow={onShow} />
      <div class="card version-card">
        <header class="version-head">
          <h2 id="version">
            Version {version}
            {event && <span> {event.eventType}</span>}
          </h2>
          {event && (
            <p class="muted">
              <Ago iso={event.eventTime} /> by {event.userId}
            </p>
          )}
        </header>
        <State entity={entity} version={version} />
        {event && (
          <>
            <details class="more">
              <summary>Event data</summary>
              <JsonTree value={event.eventData} schema={schemaOfEvent(event)} />
            </details>
            <details class="more">
              <summary>Stored with it</summary>
              <EventFacts event={event} />
            </details>
            <OnTheBus entity={entity} event={event} />
            <details class="more" open>
              <summary>Correlation and causation</summary>
              <Chain key={version} entityId={entity.entityId} sequenceNumber={version} />
            </details>
          </>
        )}
      </div>
    </section>
  );
}

/** Also one that is further back than the timeline, such as that of an address. */
function useEventAt(entity: EntityModel, version: number): StoredEvent | undefined {
  const known = entity.events.value.find(({ sequenceNumber }) => sequenceNumber === version);
  const isKnown = known !== undefined;
  const resource = entity.eventAt(version);
  useEffect(() => {
    if (!isKnown && !resource.data.peek()) void resource.refresh();
  }, [isKnown, resource]);
  return known ?? resource.data.value?.events[0];
}

/** What was there last stays in sight until the state of another version is there. */
function State({ entity, version }: { readonly entity: EntityModel; readonly version: number }) {
  const resource = entity.stateAt(version);
  const last = useRef<EntityState | undefined>(undefined);
  useEffect(() => {
    if (resource.data.peek()) return;
    const timer = setTimeout(() => void resource.refresh(), SLIDING_MS);
    return () => clearTimeout(timer);
  }, [resource]);
  if (resource.error.value) return <Failed error={resource.error.value} again={() => void resource.refresh()} />;
  const told = resource.data.value ?? last.current;
  if (!told) return <p class="muted">Folding the events…</p>;
  last.current = told;
  const state = told.state as Json;
  const changes = differences(told.previous as Json, state);
  const aggregateType = entity.detail.data.value?.aggregateType;
  return (
    <div class="state-columns" aria-busy={resource.data.value === undefined}>
      <div>
        <h3>What it changed</h3>
        <DifferenceView changes={changes} />
      </div>
      <div>
        <h3>
          State <CopyButton value={state} />
        </h3>
        <JsonTree
          value={state}
          schema={aggregateType === undefined ? undefined : fieldsOfAggregates([aggregateType])}
          changed={new Set(changes.map(({ path }) => pathText(path)))}
        />
      </div>
    </div>
  );
}

/** Versions that the slider only passes are not fetched. */
const SLIDING_MS = 120;
