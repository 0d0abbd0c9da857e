import { useMemo } from "preact/hooks";
import type { ProjectionDescription } from "../contract.ts";
import { duration, plural } from "../format.ts";
import { isLocal } from "../live.ts";
import { Empty, Failed } from "../notice.tsx";
import { Plot } from "../plot.tsx";
import { seriesOf, takenBy } from "../samples.ts";
import { projections, service } from "../service.ts";
import { lagOf, mayHaveChanged, readers } from "../status.ts";
import { Generations } from "./generations.tsx";
import { Parked } from "./parked.tsx";
import { ProjectionActions } from "./projection-actions.tsx";
import { behindText, functionOf, KINDS } from "./projections.tsx";
import { Rows } from "./rows.tsx";

/** One read model: its lag, generations, parked entities and rows. */
export function ProjectionScreen({ name }: { readonly name: string }) {
  const projection = projections.value.find((one) => one.projection === name);
  if (!projection) return <Unknown name={name} />;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="eyebrow">
            <a href="#/projections">Projections</a>
          </p>
          <h1 tabIndex={-1} class="break">
            {name}
          </h1>
          <p class="lead">{describe(projection)}</p>
        </div>
      </header>
      {readers.error.value && <Failed error={readers.error.value} again={mayHaveChanged} />}
      <Progress projection={projection} />
      <Parked reader={name} />
      <ProjectionActions name={name} />
      <Generations name={name} />
      <Rows projection={projection} />
    </div>
  );
}

function describe({ kind, feed, from, version }: ProjectionDescription): string {
  const aggregates = Object.keys(from).join(" and ");
  const feeder = feed === "bus" ? "bus" : "table stream";
  return `Keeps ${KINDS[kind]} from the events of ${aggregates}, fed by the ${feeder}; version ${version}.`;
}

function Progress({ projection: { projection: name, feed } }: { readonly projection: ProjectionDescription }) {
  const status = readers.data.value?.projections.find((one) => one.projection === name);
  const lag = useMemo(() => lagOf((reader) => reader === name), [name]);
  const taken = useMemo(() => seriesOf(takenBy(functionOf(feed))), [feed]);
  return (
    <section class="two-plots" aria-label="Progress, over the last five minutes">
      <figure class="card">
        <figcaption>
          <h2>Behind</h2>
          {status && (
            <p class={status.eventsBehind > 0 ? "behind" : "muted"}>
              {status.eventsBehind > 0
                ? `${behindText(status)} events${status.oldestWaitingSeconds < 1 ? "" : `, the oldest for ${duration(status.oldestWaitingSeconds)}`}`
                : "up to date"}
            </p>
          )}
        </figcaption>
        <Plot
          series={lag}
          label={`${name}: events behind, over the last five minutes`}
          height={150}
          hasAxes
          isStepped
        />
      </figure>
      <figure class="card">
        <figcaption>
          <h2>Taken by the second</h2>
          <p class="muted">
            {isLocal.value === false ? "counted in a local run only" : `by the function ${functionOf(feed)}`}
          </p>
        </figcaption>
        <Plot series={taken} label={`Events taken by ${functionOf(feed)} by the second`} height={150} hasAxes />
      </figure>
    </section>
  );
}

function Unknown({ name }: { readonly name: string }) {
  return (
    <div class="page">
      <h1 tabIndex={-1}>{name}</h1>
      {service.data.value ? (
        <Empty title="This service declares no such projection">
          <a href="#/projections">{plural(projections.value.length, "projection")}</a>
        </Empty>
      ) : (
        <p class="muted">Reading what the service declares…</p>
      )}
    </div>
  );
}
