import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { CommandForm, type CommandTarget } from "./command-form.tsx";
import type { Accepted, Aggregate } from "./contract.ts";
import { Dialog } from "./dialog.tsx";
import { words } from "./format.ts";
import { notify } from "./notice.tsx";
import { entityHref } from "./router.ts";
import { outcomeOf } from "./send-command.ts";
import { mayHaveChanged } from "./status.ts";

interface Opened {
  readonly aggregate: Aggregate;
  readonly command: string;
  readonly target: CommandTarget | undefined;
}

const opened = signal<Opened | undefined>(undefined);

export const openCommand = (aggregate: Aggregate, command: string, target?: CommandTarget): void => {
  opened.value = { aggregate, command, target };
};

export function CommandDialog() {
  return opened.value ? <OpenDialog {...opened.value} /> : null;
}

function OpenDialog({ aggregate, command: first, target }: Opened) {
  const [name, setName] = useState(first);
  const offered = aggregate.commands.filter(({ idField }) => (idField === undefined) === (target !== undefined));
  const command = offered.find((one) => one.command === name) ?? offered[0];
  const close = (): void => {
    opened.value = undefined;
  };
  const onStored = (accepted: Accepted): void => {
    close();
    notify(outcomeOf(accepted));
    mayHaveChanged();
    if (!target) location.hash = entityHref(accepted.entityId);
  };
  return (
    <Dialog title={target ? `Send a command to ${target.entityId}` : `New ${aggregate.aggregateType}`} onClose={close}>
      {offered.length > 1 && (
        <div class="dialog-body">
          <label class="field-label" for="command">
            Command
          </label>
          <select id="command" value={command?.command} onChange={(event) => setName(event.currentTarget.value)}>
            {offered.map((one) => (
              <option key={one.command} value={one.command}>
                {words(one.command)}
              </option>
            ))}
          </select>
        </div>
      )}
      {command && <CommandForm key={command.command} {...{ command, target, onStored }} />}
    </Dialog>
  );
}
