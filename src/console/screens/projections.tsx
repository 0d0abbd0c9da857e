import { useMemo } from "preact/hooks";
import type { ProjectionDescription, ReadersStatus } from "../contract.ts";
import { count, duration } from "../format.ts";
import { isLocal } from "../live.ts";
import { Empty, Failed } from "../notice.tsx";
import { Plot } from "../plot.tsx";
import { projectionHref } from "../router.ts";
import { seriesOf, takenBy } from "../samples.ts";
import { projections, service } from "../service.ts";
import { lagOf, mayHaveChanged, readers } from "../status.ts";

/** How far each read model is. */
export function ProjectionsScreen() {
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Projections</h1>
          <p class="lead">Read models that are kept from the events: how far each is, and what waits in it.</p>
        </div>
      </header>
      {readers.error.value && <Failed error={readers.error.value} again={mayHaveChanged} />}
      {service.data.value && projections.value.length === 0 ? (
        <Empty title="This service declares no projection">
          Declare one with defineService: <code>projections: [yourProjection]</code>, and start the service anew.
        </Empty>
      ) : (
        <ProjectionTable />
      )}
    </div>
  );
}

function ProjectionTable() {
  return (
    <div class="card table-card">
      <table class="table roomy stack">
        <thead>
          <tr>
            <th scope="col">Projection</th>
            <th scope="col" class="num">
              Behind
            </th>
            <th scope="col" class="num">
              Oldest waits
            </th>
            <th scope="col" class="wide">
              Behind, last five minutes
            </th>
            <th scope="col" class="wide">
              Taken by its function
            </th>
            <th scope="col" class="num">
              Generation
            </th>
            <th scope="col" class="num">
              Parked
            </th>
          </tr>
        </thead>
        <tbody>
          {projections.value.map((projection) => (
            <ProjectionRow
              key={projection.projection}
              projection={projection}
              status={readers.data.value?.projections.find((one) => one.projection === projection.projection)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export type Status = ReadersStatus["projections"][number];

function ProjectionRow({
  projection,
  status,
}: {
  readonly projection: ProjectionDescription;
  readonly status: Status | undefined;
}) {
  const { projection: name, kind, feed } = projection;
  const lag = useMemo(() => lagOf((reader) => reader === name), [name]);
  const taken = useMemo(() => seriesOf(takenBy(functionOf(feed))), [feed]);
  return (
    <tr>
      <td class="stack-head">
        <a href={projectionHref(name)} class="strong">
          {name}
        </a>
        <div class="muted">
          {KINDS[kind]}, fed by the {feed === "bus" ? "bus" : "table stream"}
        </div>
      </td>
      <td class="num" data-label="Behind">
        {status ? <strong class={status.eventsBehind > 0 ? "behind" : "calm"}>{behindText(status)}</strong> : "–"}
      </td>
      <td class="num" data-label="Oldest waits">
        {status && status.oldestWaitingSeconds >= 1 ? (
          duration(status.oldestWaitingSeconds)
        ) : (
          <span class="muted">–</span>
        )}
      </td>
      <td class="wide plot-cell">
        <Plot series={lag} label={`${name}: events behind, over the last five minutes`} height={36} isStepped />
      </td>
      <td class="wide plot-cell">
        {isLocal.value === false ? (
          <span class="muted">local run only</span>
        ) : (
          <Plot series={taken} label={`Events that the function of ${name} took by the second`} height={36} />
        )}
      </td>
      <td class="num" data-label="Generation">
        {status?.servingGeneration ?? "–"}
      </td>
      <td class="num" data-label="Parked">
        {status && status.parked > 0 ? (
          <a class="badge bad" href={projectionHref(name)}>
            {count(status.parked)}
          </a>
        ) : (
          <span class="muted">{status ? "0" : "–"}</span>
        )}
      </td>
    </tr>
  );
}

export const behindText = ({ eventsBehind, isFloor }: Pick<Status, "eventsBehind" | "isFloor">): string =>
  eventsBehind === 0 ? "0" : `${count(eventsBehind)}${isFloor ? "+" : ""}`;

/** The keys of the library's functions that keep read models. */
export const functionOf = (feed: ProjectionDescription["feed"]): string =>
  feed === "bus" ? "bus-projector" : "projector";

export const KINDS: Readonly<Record<ProjectionDescription["kind"], string>> = {
  "row-per-entity": "a row for each entity",
  "row-per-event": "a row for each event",
  "rows-across-entities": "rows across entities",
};
