import { signal } from "@preact/signals";
import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { type Entry, entriesFor } from "./palette-entries.ts";

const isOpen = signal(false);

export const openPalette = (): void => {
  isOpen.value = true;
};

/** Jumps to any screen, entity, projection or event type. */
export function Palette() {
  return isOpen.value ? <OpenPalette /> : null;
}

const close = (): void => {
  isOpen.value = false;
};

function OpenPalette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const entries = entriesFor(text);
  const chosen = entries[Math.min(active, entries.length - 1)];
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [id, active]);

  const run = (entry: Entry | undefined): void => {
    if (!entry) return;
    dialog.current?.close();
    entry.run();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setActive((Math.min(active, entries.length - 1) + step + entries.length) % entries.length);
    else if (event.key === "Enter") run(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Jump to" onClose={close}>
      <div class="palette-input">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded={true}
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen ? `${id}-${entries.indexOf(chosen)}` : undefined}
          aria-label="Screen, entity, projection, event type or command"
          placeholder="Entity, projection, event type, command…"
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" role="listbox" id={`${id}-list`} aria-label="Found" tabIndex={-1}>
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the input has the focus, and names the active entry
          <div
            key={`${entry.kind} ${entry.name}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={entry === chosen}
            class="palette-entry"
            onClick={() => run(entry)}
            onMouseMove={() => setActive(index)}
          >
            <Icon name={entry.icon} size={18} />
            <span class="palette-name">{entry.name}</span>
            <span class="muted">{entry.kind}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}
