import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { duration, plural, rate } from "../format.ts";
import { isLocal } from "../live.ts";
import { Plot } from "../plot.tsx";
import { appended, projected, published, rateOf, type Series, seriesOf, snapshots } from "../samples.ts";
import { lagOf, readers } from "../status.ts";

const appendedRate = rateOf(appended);
const rates = { projected: rateOf(projected), published: rateOf(published), snapshots: rateOf(snapshots) };
const plots = {
  appended: seriesOf(appended),
  projected: seriesOf(projected),
  published: seriesOf(published),
  snapshots: seriesOf(snapshots),
};
const lags = {
  projected: lagOf((reader) => reader !== "publisher"),
  published: lagOf((reader) => reader === "publisher"),
};

/** A picture of where events go, with rate and lag of each station. */
export function Flow() {
  return (
    <section class="flow" aria-label="The way of an event, over the last five minutes">
      <Station name="Appended" href="#/live" one="event" text="stored" rate={appendedRate} series={plots.appended} />
      <Pipes />
      <div class="flow-ends">
        <Station
          name="Projected"
          href="#/projections"
          one="event"
          text="taken by read models"
          rate={rates.projected}
          series={plots.projected}
          lag={lags.projected}
          behind={<ProjectedBehind />}
        />
        <Station
          name="Published"
          href="#/bus"
          one="event"
          text="put on the bus"
          rate={rates.published}
          series={plots.published}
          lag={lags.published}
          behind={<PublishedBehind />}
        />
        <Station
          name="Snapshots"
          href="#/entities"
          one="snapshot"
          text="made"
          rate={rates.snapshots}
          series={plots.snapshots}
        />
      </div>
    </section>
  );
}

interface StationProps {
  readonly name: string;
  readonly href: string;
  /** What is counted, and what became of it. */
  readonly one: string;
  readonly text: string;
  readonly rate: ReadonlySignal<number>;
  readonly series: ReadonlySignal<Series>;
  readonly lag?: ReadonlySignal<Series>;
  readonly behind?: ComponentChildren;
}

function Station({ name, href, one, text, rate: perSecond, series, lag, behind }: StationProps) {
  const isCounted = name === "Appended" || isLocal.value !== false;
  return (
    <article class={lag ? "station with-lag" : "station"}>
      <header>
        <h2>
          <a href={href}>{name}</a>
        </h2>
        {isCounted && (
          <p class="station-rate">
            <Rate value={perSecond} />
          </p>
        )}
      </header>
      <div class="station-plots">
        <figure>
          <Plot series={series} label={`${name} by the second, over the last five minutes`} height={lag ? 40 : 56} />
          <figcaption>
            <Total series={series} one={one} /> {text}
          </figcaption>
        </figure>
        {lag && (
          <figure class="lag">
            <Plot series={lag} label={`${name}: events behind, over the last five minutes`} height={40} isStepped />
            <figcaption>{behind}</figcaption>
          </figure>
        )}
      </div>
    </article>
  );
}

const Rate = ({ value }: { readonly value: ReadonlySignal<number> }) => <>{rate(value.value)}</>;

const Total = ({ series, one }: Pick<StationProps, "series" | "one">) => (
  <>
    {plural(
      series.value.values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
      one,
    )}
  </>
);

function ProjectedBehind() {
  const projections = readers.data.value?.projections ?? [];
  const behind = Math.max(0, ...projections.map(({ eventsBehind }) => eventsBehind));
  const age = Math.max(0, ...projections.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds));
  return (
    <Behind
      behind={behind}
      age={age}
      isFloor={projections.some(({ isFloor, eventsBehind }) => isFloor && eventsBehind > 0)}
    />
  );
}

function PublishedBehind() {
  const { eventsBehind = 0, oldestWaitingSeconds = 0, isFloor = false } = readers.data.value?.publisher ?? {};
  return <Behind behind={eventsBehind} age={oldestWaitingSeconds} isFloor={isFloor} />;
}

/** `12 events behind, 3 s` */
export function Behind({
  behind,
  age,
  isFloor,
}: {
  readonly behind: number;
  readonly age: number;
  readonly isFloor: boolean;
}) {
  if (behind === 0) return <>up to date</>;
  return (
    <strong>{`${isFloor ? "at least " : ""}${plural(behind, "event")} behind${age < 1 ? "" : `, ${duration(age)}`}`}</strong>
  );
}

/** The lines from the store to its readers; dots run along them while something does. */
function Pipes() {
  const isRunning = appendedRate.value > 0;
  return (
    <svg
      class={isRunning ? "pipes running" : "pipes"}
      viewBox="0 0 80 300"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {PIPES.map((path) => (
        <g key={path}>
          <path class="pipe" d={path} vector-effect="non-scaling-stroke" />
          <path class="drops" d={path} vector-effect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  );
}

const PIPES = ["M0 150 C45 150 35 50 80 50", "M0 150 H80", "M0 150 C45 150 35 250 80 250"];
