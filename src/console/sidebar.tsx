import { Icon } from "./icon.tsx";
import { connection, isLocal } from "./live.ts";
import { openPalette } from "./palette.tsx";
import { hrefTo, route } from "./router.ts";
import { SCREENS } from "./screens.ts";
import { service } from "./service.ts";
import { deadLetterCount, parkedCount } from "./status.ts";
import { theme, toggleTheme } from "./theme.ts";

/** Beside the screen, and on a small one above and below it. */
export function Sidebar() {
  return (
    <header class="sidebar">
      <a class="brand" href="#/">
        <Mark />
        <span>
          Streamfold
          <small>{service.data.value?.name ?? "console"}</small>
        </span>
      </a>
      <button type="button" class="jump" onClick={openPalette} title="An entity, projection, event type or command">
        <Icon name="search" size={16} />
        <span>Jump to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <nav aria-label="Screens">
        {SCREENS.map(({ name, path, icon }) => (
          <a
            key={name}
            href={hrefTo(path)}
            aria-current={(route.value.path[0] ?? "") === (path[0] ?? "") ? "page" : undefined}
          >
            <Icon name={icon} />
            <span>{name}</span>
            <Alarm screen={name} />
          </a>
        ))}
      </nav>
      <div class="sidebar-end">
        <Connected />
        <button
          type="button"
          class="button quiet icon-only"
          onClick={toggleTheme}
          aria-label={theme.value === "dark" ? "Switch to light" : "Switch to dark"}
        >
          <Icon name={theme.value === "dark" ? "sun" : "moon"} size={18} />
        </button>
      </div>
    </header>
  );
}

const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M7 11h11a4 4 0 0 1 0 8h-4a3.5 3.5 0 0 0 0 7h11" transform="translate(0 -2.5)" />
  </svg>
);

/** What is parked, or is a dead letter. */
function Alarm({ screen }: { readonly screen: string }) {
  const waiting = screen === "Projections" ? parkedCount.value : screen === "Bus" ? deadLetterCount.value : 0;
  if (waiting === 0) return null;
  const what = screen === "Bus" ? "dead letters" : "parked";
  return (
    <span class="alarm">
      {waiting}
      <span class="for-readers"> {what}</span>
    </span>
  );
}

const TEXTS = { connecting: "Connecting", live: "Live", lost: "Not connected" };

function Connected() {
  const state = connection.value;
  return (
    <span class={`connected ${state}`}>
      <i aria-hidden="true" />
      {TEXTS[state]}
      {state === "live" && isLocal.value && <small>local run</small>}
    </span>
  );
}
