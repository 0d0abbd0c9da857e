import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly size?: "small" | "large";
}

/** A modal dialog: focus stays in it, Escape closes it, focus goes back to where it was. */
export function Dialog({ title, onClose, children, size = "small" }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  return (
    <dialog ref={element} class={`dialog ${size}`} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="button quiet icon-only" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface Question {
  readonly title: string;
  /** What will happen. */
  readonly text: ComponentChildren;
  /** On the button: what it does. */
  readonly action: string;
  readonly isDestructive?: boolean;
  /** Something that can be chosen along with it. */
  readonly option?: string;
}

type Asked = Question & { readonly answer: (isYes: boolean, isOptionChosen: boolean) => void };
const asked = signal<Asked | undefined>(undefined);

/** Asks before something is done that cannot be undone at once. @returns undefined for no, else whether the option was chosen */
export function confirm(question: Question): Promise<{ readonly option: boolean } | undefined> {
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (isYes, option) => {
        asked.value = undefined;
        resolve(isYes ? { option } : undefined);
      },
    };
  });
}

export function Confirmation() {
  const question = asked.value;
  return question ? <Confirm {...question} /> : null;
}

function Confirm({ title, text, action, isDestructive = false, option, answer }: Asked) {
  const [isOptionChosen, setOption] = useState(false);
  return (
    <Dialog title={title} onClose={() => answer(false, false)}>
      <div class="dialog-body">
        <p>{text}</p>
        {option && (
          <label class="check">
            <input
              type="checkbox"
              checked={isOptionChosen}
              onChange={(event) => setOption(event.currentTarget.checked)}
            />
            {option}
          </label>
        )}
      </div>
      <footer>
        <button type="button" class="button" onClick={() => answer(false, false)}>
          Cancel
        </button>
        <button
          type="button"
          class={`button ${isDestructive ? "danger" : "primary"}`}
          onClick={() => answer(true, isOptionChosen)}
        >
          {action}
        </button>
      </footer>
    </Dialog>
  );
}
