import { useEffect, useMemo } from "preact/hooks";
import { droppedEvents, keyOf } from "../event-log.ts";
import { count, plural } from "../format.ts";
import { Icon } from "../icon.tsx";
import { Empty, Failed } from "../notice.tsx";
import { adjust, route } from "../router.ts";
import { VirtualList } from "../virtual-list.tsx";
import { EventColumns } from "./event-line.tsx";
import { EventPanel } from "./event-panel.tsx";
import { filtersOf, isFiltered, LiveFilters } from "./live-filters.tsx";
import { LiveList } from "./live-list.ts";
import { NoEvents } from "./no-events.tsx";

/** Events as they are appended. */
export function LiveScreen() {
  const { query } = route.value;
  const filters = filtersOf(query);
  const key = JSON.stringify(filters);
  const list = useMemo(() => new LiveList(filters), [key]);
  useEffect(() => list.start(), [list]);
  return (
    <div class="page fill">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Live</h1>
          <p class="lead">Events as they are appended, newest first.</p>
        </div>
        <PauseButton list={list} />
      </header>
      <LiveFilters filters={filters} />
      <div class={query.open ? "beside open" : "beside"}>
        <Events list={list} selected={query.open} isFiltered={isFiltered(filters)} />
        {query.open && <OpenEvent of={query.open} list={list} />}
      </div>
    </div>
  );
}

function PauseButton({ list }: { readonly list: LiveList }) {
  const isPaused = list.isPaused.value;
  return (
    <button type="button" class="button" aria-pressed={isPaused} onClick={() => list.pause(!isPaused)}>
      <Icon name={isPaused ? "play" : "pause"} size={18} />
      {isPaused ? "Resume" : "Pause"}
    </button>
  );
}

function Events(props: {
  readonly list: LiveList;
  readonly selected: string | undefined;
  readonly isFiltered: boolean;
}) {
  const { list, selected } = props;
  const events = list.shown.value;
  if (events.length === 0) return <NothingShown {...props} />;
  return (
    <div class="card list-card">
      <NewOnes list={list} />
      <div class="event-line list-head" aria-hidden="true">
        <span>Time</span>
        <span>Event</span>
        <span>Entity</span>
        <span class="event-data">Data</span>
        <span class="event-user">User</span>
      </div>
      <VirtualList
        items={events}
        keyOf={keyOf}
        rowHeight={ROW_HEIGHT}
        label="Events, newest first"
        selected={selected}
        onOpen={(event) => adjust({ open: keyOf(event) })}
        onLeaveTop={list.leaveTop}
        render={(event) => (
          <div class="event-line">
            <EventColumns event={event} />
          </div>
        )}
      >
        <Older list={list} />
      </VirtualList>
    </div>
  );
}

const ROW_HEIGHT = 40;

/** While the list is held, how many came since. */
function NewOnes({ list }: { readonly list: LiveList }) {
  const waiting = list.waiting.value;
  if (!list.isHeld.value) return null;
  const text = waiting === 0 ? "No new events" : plural(waiting, "new event");
  return (
    <button
      type="button"
      class="new-ones"
      onClick={(event) => {
        event.currentTarget.closest(".list-card")?.querySelector(".list-frame")?.scrollTo(0, 0);
        list.pause(false);
      }}
    >
      {list.isPaused.value ? `Paused: ${text.toLowerCase()}` : `${text} above`}
    </button>
  );
}

function Older({ list }: { readonly list: LiveList }) {
  const dropped = droppedEvents.value;
  return (
    <div class="list-end">
      {dropped > 0 && (
        <p class="muted">
          {count(dropped)} events between the live ones and older pages are not kept here; filter to find them.
        </p>
      )}
      {list.error.value && <Failed error={list.error.value} again={() => void list.fetchOlder()} />}
      {list.hasOlder.value ? (
        <button type="button" class="button" disabled={list.isFetching.value} onClick={() => void list.fetchOlder()}>
          {list.isFetching.value ? "Reading…" : "Show older events"}
        </button>
      ) : (
        <p class="muted">These are the oldest events.</p>
      )}
    </div>
  );
}

function NothingShown({ list, isFiltered: hasFilters }: { readonly list: LiveList; readonly isFiltered: boolean }) {
  if (list.error.value) return <Failed error={list.error.value} again={() => void list.fetchOlder()} />;
  if (list.isFetching.value) return <p class="muted">Reading events…</p>;
  if (!hasFilters) return <NoEvents />;
  return (
    <Empty title="No event matches these filters">
      {list.hasOlder.value ? (
        <button type="button" class="button" onClick={() => void list.fetchOlder()}>
          Look among older events
        </button>
      ) : (
        "Change or clear a filter; events that match appear here as they are appended."
      )}
    </Empty>
  );
}

function OpenEvent({ of, list }: { readonly of: string; readonly list: LiveList }) {
  const found = list.shown.value.find((event) => keyOf(event) === of);
  return <EventPanel key={of} of={of} known={found} onClose={() => adjust({ open: undefined })} />;
}
