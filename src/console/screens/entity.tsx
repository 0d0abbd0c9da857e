import { useEffect, useMemo } from "preact/hooks";
import { openCommand } from "../command-dialog.tsx";
import { plural, words } from "../format.ts";
import { Empty, Failed } from "../notice.tsx";
import { adjust, route } from "../router.ts";
import { aggregateOf } from "../service.ts";
import { EntityModel } from "./entity-model.ts";
import { ReadModels } from "./entity-read-models.tsx";
import { Timeline } from "./entity-timeline.tsx";
import { EntityVersion } from "./entity-version.tsx";

/** An entity of any aggregate: its events, its state at each version, and who has read it. */
export function EntityScreen({ entityId }: { readonly entityId: string }) {
  const entity = useMemo(() => new EntityModel(entityId), [entityId]);
  useEffect(() => entity.start(), [entity]);
  const error = entity.error.value;
  if (error?.status === 404) return <Unknown entityId={entityId} />;
  const head = entity.version.value;
  const given = Number(route.value.query.version);
  const version = given >= 1 && given <= head ? given : head;
  const show = (next: number): void => adjust({ version: next === head ? undefined : next });
  return (
    <div class="page">
      <Head entity={entity} />
      {error && <Failed error={error} again={() => void entity.refresh()} />}
      {head > 0 && (
        <>
          <div class="entity-columns">
            <Timeline entity={entity} version={version} onShow={show} />
            <EntityVersion entity={entity} version={version} onShow={show} />
          </div>
          <ReadModels entity={entity} />
        </>
      )}
    </div>
  );
}

function Head({ entity }: { readonly entity: EntityModel }) {
  const detail = entity.detail.data.value;
  const aggregate = detail && aggregateOf(detail.aggregateType);
  const version = entity.version.value;
  const commands = (aggregate?.commands ?? []).filter(({ idField }) => idField === undefined);
  const [first] = commands;
  const send = async (command: string): Promise<void> => {
    if (!aggregate) return;
    const state = entity.stateAt(version);
    if (!state.data.peek()) await state.refresh();
    openCommand(aggregate, command, { entityId: entity.entityId, version, state: state.data.peek()?.state });
  };
  return (
    <header class="page-head">
      <div>
        <p class="eyebrow">
          <a href="#/entities">Entities</a>
          {detail && ` / ${detail.aggregateType}`}
        </p>
        <h1 tabIndex={-1} class="break">
          {entity.entityId}
        </h1>
        {detail && <Standing entity={entity} />}
      </div>
      {first && (
        <button type="button" class="button primary" onClick={() => void send(first.command)}>
          {commands.length > 1 ? "Send a command" : words(first.command)}
        </button>
      )}
    </header>
  );
}

/** Where it stands, in a sentence. */
function Standing({ entity }: { readonly entity: EntityModel }) {
  const detail = entity.detail.data.value;
  if (!detail) return null;
  const version = entity.version.value;
  const unpublished = Math.max(0, version - detail.published);
  return (
    <p class="lead">
      Version {version}
      {", "}
      {detail.snapshots.length === 0 ? "no snapshots" : plural(detail.snapshots.length, "snapshot")}
      {", "}
      {detail.isPublisherParked ? (
        <a class="bad" href="#/bus">
          parked in the publisher
        </a>
      ) : unpublished === 0 ? (
        "all events on the bus"
      ) : (
        `${plural(unpublished, "event")} not on the bus yet`
      )}
    </p>
  );
}

const Unknown = ({ entityId }: { readonly entityId: string }) => (
  <div class="page">
    <h1 tabIndex={-1} class="break">
      {entityId}
    </h1>
    <Empty title="There is no entity with this id">
      Look for another one among <a href="#/entities">those that changed last</a>, or create it there.
    </Empty>
  </div>
);
