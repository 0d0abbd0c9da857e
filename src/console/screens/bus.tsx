import { useEffect } from "preact/hooks";
import { count } from "../format.ts";
import { isLocal } from "../live.ts";
import { Empty, Failed } from "../notice.tsx";
import { newestPublished } from "../published.ts";
import { entityHref } from "../router.ts";
import { bus, readers } from "../status.ts";
import { Time } from "../time.tsx";
import { Behind } from "./flow.tsx";
import { Parked } from "./parked.tsx";
import { PatternBox } from "./pattern-box.tsx";
import { Queues } from "./queues.tsx";
import { Rules } from "./rules.tsx";

/** What is published, which rules it matches, and where it ends up. */
export function BusScreen() {
  const publisher = readers.data.value?.publisher;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Bus</h1>
          <p class="lead">
            {publisher ? (
              <>
                The publisher is{" "}
                <Behind
                  behind={publisher.eventsBehind}
                  age={publisher.oldestWaitingSeconds}
                  isFloor={publisher.isFloor}
                />
                {bus.data.value && `; ${count(bus.data.value.events)} events are on the bus`}.
              </>
            ) : (
              "Where events go that are published."
            )}
          </p>
        </div>
      </header>
      <Parked reader="publisher" />
      {isLocal.value === false ? <OnAws /> : <LocalBus />}
    </div>
  );
}

const OnAws = () => (
  <Empty title="The bus is shown in a local run only">
    Here it is EventBridge’s and SQS’s: their consoles show rules, queues and dead letters. How far the publisher is,
    and what is parked in it, stands above.
  </Empty>
);

function LocalBus() {
  useEffect(() => {
    if (!bus.data.peek()) void bus.refresh();
  }, []);
  return (
    <>
      {bus.error.value && <Failed error={bus.error.value} again={() => void bus.refresh()} />}
      <Queues />
      <div class="two-columns">
        <Rules />
        <Published />
      </div>
      <PatternBox />
    </>
  );
}

function Published() {
  const entries = newestPublished.value.slice(0, SHOWN);
  return (
    <section aria-labelledby="published">
      <h2 id="published">Published while you watch</h2>
      {entries.length === 0 ? (
        <Empty title="Nothing yet">
          What is put on the bus from now on appears here. <a href="#/entities">Send a command</a> to see it.
        </Empty>
      ) : (
        <ul class="card published">
          {entries.map(({ eventId, time, detailType, entityId, sequenceNumber, rules }) => (
            <li key={eventId}>
              <span class="muted">
                <Time iso={time} />
              </span>
              <span class="strong">{detailType}</span>
              {sequenceNumber === undefined ? (
                <span class="muted">no event of an entity</span>
              ) : (
                <a href={entityHref(entityId, sequenceNumber)} class="break">
                  {entityId} #{sequenceNumber}
                </a>
              )}
              <span class="muted">{rules.length === 0 ? "no rule matched" : `→ ${rules.join(", ")}`}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const SHOWN = 30;
