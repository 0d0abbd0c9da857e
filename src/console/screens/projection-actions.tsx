import { useState } from "preact/hooks";
import { addressOf, part, post } from "../api.ts";
import type { Json, Verification } from "../contract.ts";
import { confirm } from "../dialog.tsx";
import { differences } from "../difference.ts";
import { DifferenceView } from "../difference-view.tsx";
import { count, duration, plural, rate } from "../format.ts";
import { entityHref } from "../router.ts";
import { useWork } from "../use-work.ts";
import { type Running, runInSlices, running } from "./run-slices.ts";

/** Rebuild and verify. */
export function ProjectionActions({ name }: { readonly name: string }) {
  const [found, setFound] = useState<Verification>();
  const [isVerifying, start] = useWork();
  const work = running.value[name];
  const verify = (): Promise<void> =>
    start(async () =>
      setFound(await post<Verification>(addressOf("api", `/operations/projections/${part(name)}/verify`), {})),
    );
  return (
    <section class="card" aria-labelledby="actions">
      <header class="card-head">
        <div>
          <h2 id="actions">Rebuild and verify</h2>
          <p class="muted">
            A rebuild makes a new generation beside the one that is served; verifying changes nothing.
          </p>
        </div>
        <div class="buttons">
          <button type="button" class="button" disabled={isVerifying} onClick={() => void verify()}>
            {isVerifying ? "Verifying…" : "Verify"}
          </button>
          <button type="button" class="button" disabled={work !== undefined} onClick={() => void rebuild(name)}>
            Rebuild
          </button>
        </div>
      </header>
      {work && <WorkProgress work={work} />}
      {found && <Found found={found} />}
    </section>
  );
}

async function rebuild(name: string): Promise<void> {
  const answer = await confirm({
    title: `Rebuild ${name}?`,
    text: "All events are read again into a new generation. Readers keep the present one until the new one is whole, and it stays for a rollback.",
    action: "Rebuild",
  });
  if (answer) await runInSlices(name, "rebuild", {});
}

function WorkProgress({ work: { what, progress } }: { readonly work: Running }) {
  const { events = 0, eventsPerSecond = 0, secondsLeft } = progress ?? {};
  const share =
    progress && secondsLeft !== undefined ? events / Math.max(1, events + secondsLeft * eventsPerSecond) : undefined;
  return (
    <div class="progress">
      <progress aria-label={what === "rebuild" ? "Rebuilding" : "Rolling back"} value={share} />
      <p class="muted" role="status">
        {progress
          ? `${count(events)} events read, ${rate(eventsPerSecond)}${secondsLeft === undefined ? "" : `, about ${duration(secondsLeft)} left`}`
          : "Starting…"}
      </p>
    </div>
  );
}

function Found({ found }: { readonly found: Verification }) {
  const { rows, differences: different, behind, skipped, failed } = found;
  const isRight = different.length === 0 && failed.length === 0;
  return (
    <div class="verification" role="status">
      <p class={isRight ? "good" : "bad"}>
        {isRight
          ? `${plural(rows, "row is", "rows are")} as the events have them.`
          : `${plural(different.length, "row")} of ${count(rows)} differ, and ${plural(failed.length, "entity", "entities")} failed.`}
      </p>
      {behind + skipped > 0 && (
        <p class="muted">
          {plural(behind, "entity is", "entities are")} behind and {plural(skipped, "entity", "entities")} skipped an
          event; they are not compared.
        </p>
      )}
      {different.map(({ key, expected, found: actual }) => (
        <article key={key} class="difference">
          <h3>{key}</h3>
          <p class="hint">What stands in the row, and what the events give</p>
          <DifferenceView changes={differences(actual as Json, expected as Json)} />
        </article>
      ))}
      {failed.map(({ entityId, sequenceNumber, error }) => (
        <p key={entityId}>
          <a href={entityHref(entityId, sequenceNumber)}>
            {entityId} #{sequenceNumber}
          </a>
          : {error}
        </p>
      ))}
    </div>
  );
}
