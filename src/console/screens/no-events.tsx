import { openCommand } from "../command-dialog.tsx";
import { isEventLogLoaded } from "../event-log.ts";
import { words } from "../format.ts";
import { Empty } from "../notice.tsx";
import { aggregates } from "../service.ts";

/** What to do in a service that has no events yet. */
export function NoEvents() {
  if (!isEventLogLoaded.value) return <p class="muted">Reading the newest events…</p>;
  return (
    <>
      <Empty title="There are no events yet">
        Send the first command, and follow its event from here to the read models and the bus.
      </Empty>
      <Creations />
    </>
  );
}

/** A button for each command that makes an entity. */
export function Creations() {
  return (
    <div class="buttons">
      {aggregates.value.flatMap((aggregate) =>
        aggregate.commands
          .filter(({ idField }) => idField !== undefined)
          .map(({ command }) => (
            <button key={command} type="button" class="button" onClick={() => openCommand(aggregate, command)}>
              {words(command)}
            </button>
          )),
      )}
    </div>
  );
}
