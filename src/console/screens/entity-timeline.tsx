import { keyOf } from "../event-log.ts";
import { count } from "../format.ts";
import { Time } from "../time.tsx";
import { VirtualList } from "../virtual-list.tsx";
import type { EntityModel } from "./entity-model.ts";
import { dataInOneLine } from "./event-line.tsx";

interface TimelineProps {
  readonly entity: EntityModel;
  readonly version: number;
  readonly onShow: (version: number) => void;
}

/** Its events, newest first; snapshots are marked. */
export function Timeline({ entity, version, onShow }: TimelineProps) {
  const events = entity.events.value;
  const snapshots = new Map(entity.detail.data.value?.snapshots.map((one) => [one.version, one]));
  return (
    <section class="timeline" aria-labelledby="timeline">
      <h2 id="timeline">
        Events <span class="muted">{count(entity.version.value)}</span>
      </h2>
      <div class="card list-card">
        <VirtualList
          items={events}
          keyOf={keyOf}
          rowHeight={ROW_HEIGHT}
          label="Events of this entity, newest first"
          selected={`${entity.entityId}#${version}`}
          onOpen={({ sequenceNumber }) => onShow(sequenceNumber)}
          isAnchored
          render={(event) => (
            <div class="moment">
              <span class="moment-number">{event.sequenceNumber}</span>
              <span class="moment-type">
                {event.eventType}
                {snapshots.has(event.sequenceNumber) && (
                  <span class="badge">
                    {snapshots.get(event.sequenceNumber)?.isCurrent ? "snapshot" : "snapshot, ignored"}
                  </span>
                )}
              </span>
              <span class="moment-time muted">
                <Time iso={event.eventTime} />
              </span>
              <span class="moment-data muted clip">{dataInOneLine(event)}</span>
            </div>
          )}
        >
          {entity.hasEarlier.value && (
            <div class="list-end">
              <button
                type="button"
                class="button"
                disabled={entity.isFetching.value}
                onClick={() => void entity.fetchEarlier()}
              >
                {entity.isFetching.value ? "Reading…" : "Show earlier events"}
              </button>
            </div>
          )}
        </VirtualList>
      </div>
    </section>
  );
}

const ROW_HEIGHT = 60;
