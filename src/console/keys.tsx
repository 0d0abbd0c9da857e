import { signal } from "@preact/signals";
import { Dialog } from "./dialog.tsx";
import { openPalette } from "./palette.tsx";
import { go } from "./router.ts";
import { SCREENS } from "./screens.ts";

const isHelpOpen = signal(false);
const GO_MS = 1_500;

/** The keys that work on every screen. */
export function startKeys(): void {
  addEventListener("keydown", (event) => {
    const isWithControl = event.metaKey || event.ctrlKey;
    if (isWithControl && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (!isWithControl && !event.altKey && !isTyping(event.target)) press(event);
  });
}

let lastG = 0;

function press(event: KeyboardEvent): void {
  const { key, timeStamp } = event;
  const screen = SCREENS.find((one) => one.key === key);
  if (screen && timeStamp - lastG < GO_MS) go(screen.path);
  lastG = key === "g" ? timeStamp : 0;
  if (key === "?") isHelpOpen.value = true;
  if (key !== "/") return;
  event.preventDefault();
  openPalette();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;

export function KeysHelp() {
  if (!isHelpOpen.value) return null;
  const close = (): void => {
    isHelpOpen.value = false;
  };
  return (
    <Dialog title="Keys" onClose={close}>
      <dl class="keys dialog-body">
        <Key keys={["Ctrl", "K"]} or="/" does="Jump to a screen, entity, projection, event type or command" />
        {SCREENS.map(({ name, key }) => (
          <Key key={key} keys={["g", key]} does={name} />
        ))}
        <Key keys={["↑", "↓"]} does="Move in a list; Enter opens" />
        <Key keys={["←", "→"]} does="Versions of an entity, on its slider" />
        <Key keys={["Esc"]} does="Close" />
        <Key keys={["?"]} does="These keys" />
      </dl>
    </Dialog>
  );
}

interface KeyProps {
  readonly keys: readonly string[];
  readonly or?: string;
  readonly does: string;
}

const Key = ({ keys, or, does }: KeyProps) => (
  <div>
    <dt>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
      {or && (
        <>
          {" or "}
          <kbd>{or}</kbd>
        </>
      )}
    </dt>
    <dd>{does}</dd>
  </div>
);
