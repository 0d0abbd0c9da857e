import { newestEvents } from "../event-log.ts";
import { count, plural } from "../format.ts";
import { isLocal } from "../live.ts";
import { Failed } from "../notice.tsx";
import { mayHaveChanged, readers } from "../status.ts";
import { Attention } from "./attention.tsx";
import { EventLine } from "./event-line.tsx";
import { Flow } from "./flow.tsx";
import { NoEvents } from "./no-events.tsx";

/** The way of a fact: appended, projected, published, snapshots. */
export function OverviewScreen() {
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Overview</h1>
          <p class="lead">
            <Summary />
          </p>
        </div>
      </header>
      {readers.error.value && <Failed error={readers.error.value} again={mayHaveChanged} />}
      <Flow />
      <Attention />
      <NewestEvents />
    </div>
  );
}

function Summary() {
  const status = readers.data.value;
  if (!status) return <>Reading how far the read models are…</>;
  const behind = Math.max(0, ...status.projections.map(({ eventsBehind }) => eventsBehind));
  const late = status.projections.filter(({ eventsBehind }) => eventsBehind > 0).length;
  if (late > 0)
    return <>{`${plural(late, "read model is", "read models are")} behind, by at most ${count(behind)}.`}</>;
  if (status.publisher.eventsBehind > 0)
    return (
      <>{`The bus is ${plural(status.publisher.eventsBehind, "event")} behind; every read model is up to date.`}</>
    );
  return <>Every read model and the bus are up to date.</>;
}

function NewestEvents() {
  const events = newestEvents.value.slice(0, SHOWN);
  return (
    <section aria-labelledby="newest">
      <header class="section-head">
        <h2 id="newest">Newest events</h2>
        {events.length > 0 && <a href="#/live">All, as they are appended</a>}
      </header>
      {events.length === 0 ? (
        <NoEvents />
      ) : (
        <ul class="event-lines card">
          {events.map((event) => (
            <li key={event.eventId}>
              <EventLine event={event} />
            </li>
          ))}
        </ul>
      )}
      {isLocal.value === false && (
        <p class="muted">Only a local run counts by the second what is projected and published.</p>
      )}
    </section>
  );
}

const SHOWN = 8;
