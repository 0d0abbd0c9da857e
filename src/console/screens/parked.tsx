import { useEffect } from "preact/hooks";
import { addressOf, post } from "../api.ts";
import type { ParkedList, ParkedOutcome } from "../contract.ts";
import { confirm } from "../dialog.tsx";
import { plural } from "../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { Failed, notify } from "../notice.tsx";
import { resourceAt } from "../resource.ts";
import { entityHref } from "../router.ts";
import { schemaOfEvent } from "../service.ts";
import { mayHaveChanged, readers } from "../status.ts";
import { Ago } from "../time.tsx";
import { useWork } from "../use-work.ts";

/** Entities that wait in a projection, or in the publisher, at an event that fails. */
export function Parked({ reader }: { readonly reader: string }) {
  const status = readers.data.value;
  const waiting =
    reader === "publisher"
      ? status?.publisher.parked
      : status?.projections.find(({ projection }) => projection === reader)?.parked;
  const list = resourceAt<ParkedList>(addressOf("api", "/operations/parked", { reader }));
  useEffect(() => {
    if (waiting !== undefined && waiting > 0) void list.refresh();
  }, [list, waiting]);
  if (!waiting) return null;
  const entities = byEntity(list.data.value?.parked ?? []);
  return (
    <section class="parked" aria-labelledby="parked">
      <h2 id="parked" class="bad">
        {plural(entities.length || waiting, "parked entity", "parked entities")}
      </h2>
      <p class="muted">Each waits at an event that failed again and again. All others go on.</p>
      {list.error.value && <Failed error={list.error.value} again={() => void list.refresh()} />}
      {entities.map(([parked, generations]) => (
        <ParkedEntity
          key={parked.entityId}
          parked={parked}
          generations={generations}
          again={() => void list.refresh()}
        />
      ))}
    </section>
  );
}

/** An entity is parked in each generation by itself, and retried or skipped in all of them at once. */
function byEntity(parked: ParkedList["parked"]): (readonly [ParkedList["parked"][number], readonly number[]])[] {
  const entities = new Map<string, readonly [ParkedList["parked"][number], readonly number[]]>();
  for (const one of parked) {
    const [, generations = []] = entities.get(one.entityId) ?? [];
    entities.set(one.entityId, [one, [...generations, one.generation].sort((a, b) => a - b)]);
  }
  return [...entities.values()];
}

interface ParkedProps {
  readonly parked: ParkedList["parked"][number];
  readonly again: () => void;
}

function ParkedEntity({ parked, generations, again }: ParkedProps & { readonly generations: readonly number[] }) {
  const { entityId, sequenceNumber, error, attempts, parkedAt, event } = parked;
  const [message = "", ...stack] = error.split("\n");
  return (
    <article class="card parked-entity">
      <header class="card-head">
        <div>
          <h3>
            <a href={entityHref(entityId, sequenceNumber)}>
              {entityId} #{sequenceNumber}
            </a>
            {event && <span> {event.eventType}</span>}
          </h3>
          <p class="muted">
            parked <Ago iso={parkedAt} /> after {plural(attempts, "attempt")}, in generation {generations.join(" and ")}
          </p>
        </div>
        <Resume parked={parked} again={again} />
      </header>
      <p class="error-text">{message}</p>
      {stack.length > 0 && (
        <details class="more">
          <summary>Stack</summary>
          <pre>{stack.join("\n")}</pre>
        </details>
      )}
      {event && (
        <details class="more">
          <summary>Event data</summary>
          <JsonTree value={event.eventData} schema={schemaOfEvent(event)} />
        </details>
      )}
    </article>
  );
}

function Resume({ parked: { projection: reader, entityId, sequenceNumber }, again }: ParkedProps) {
  const [isWorking, work] = useWork();
  const resume = async (what: "retry" | "skip"): Promise<void> => {
    await work(async () => {
      const { error } = await post<ParkedOutcome>(addressOf("api", `/operations/parked/${what}`), { reader, entityId });
      if (error === undefined) notify(`${entityId} has caught up in ${reader}.`);
      else notify(`${entityId} stays parked: ${error}`, { isBad: true });
    });
    again();
    mayHaveChanged();
  };
  const skip = async (): Promise<void> => {
    const answer = await confirm({
      title: `Skip event ${sequenceNumber} of ${entityId}?`,
      text:
        reader === "publisher"
          ? "The event is never put on the bus; those after it are. Subscribers see a gap."
          : `The event is passed by in ${reader}: its rows go on as if it had not happened, until they are rebuilt. The event itself stays.`,
      action: "Skip the event",
      isDestructive: true,
    });
    if (answer) await resume("skip");
  };
  return (
    <div class="buttons">
      <button type="button" class="button primary" disabled={isWorking} onClick={() => void resume("retry")}>
        Retry
      </button>
      <button type="button" class="button danger-quiet" disabled={isWorking} onClick={() => void skip()}>
        Skip
      </button>
    </div>
  );
}
