import { openCommand } from "./command-dialog.tsx";
import { newestEvents } from "./event-log.ts";
import { words } from "./format.ts";
import type { IconName } from "./icon.tsx";
import { go } from "./router.ts";
import { SCREENS } from "./screens.ts";
import { aggregates, eventTypes, projections } from "./service.ts";
import { toggleTheme } from "./theme.ts";

export interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly icon: IconName;
  readonly run: () => void;
}

/** What a text may mean, the likeliest first; any text may be an entity's id. */
export function entriesFor(text: string): Entry[] {
  const wanted = text.trim().toLowerCase();
  const entities = entityEntries();
  const named = [...screenEntries(), ...projectionEntries(), ...eventTypeEntries(), ...commandEntries(), ...entities];
  const found = named
    .map((entry) => ({ entry, place: placeOf(entry.name.toLowerCase(), wanted) }))
    .filter(({ place }) => place >= 0)
    .sort((a, b) => a.place - b.place)
    .slice(0, MOST)
    .map(({ entry }) => entry);
  const isKnown = entities.some(({ name }) => name === text.trim());
  return wanted === "" || isKnown ? found : [...found, entityEntry(text.trim(), "entity with this id")];
}

/** 0: it begins with the text; 1: one of its words does; 2: the text is in it; -1: it is not. */
function placeOf(name: string, wanted: string): number {
  if (name.startsWith(wanted)) return 0;
  const index = name.indexOf(wanted);
  if (index < 0) return -1;
  return /[\s._-]/.test(name.charAt(index - 1)) ? 1 : 2;
}

const screenEntries = (): Entry[] => [
  ...SCREENS.map(({ name, path, icon }): Entry => ({ kind: "screen", name, icon, run: () => go(path) })),
  { kind: "setting", name: "Switch between light and dark", icon: "moon", run: toggleTheme },
];

const projectionEntries = (): Entry[] =>
  projections.value.map(({ projection }) => ({
    kind: "projection",
    name: projection,
    icon: "projections",
    run: () => go(["projections", projection]),
  }));

const eventTypeEntries = (): Entry[] =>
  eventTypes.value.map((type) => ({ kind: "event type", name: type, icon: "live", run: () => go(["live"], { type }) }));

const commandEntries = (): Entry[] =>
  aggregates.value.flatMap((aggregate) =>
    aggregate.commands
      .filter(({ idField }) => idField !== undefined)
      .map(
        ({ command }): Entry => ({
          kind: "command",
          name: words(command),
          icon: "plus",
          run: () => openCommand(aggregate, command),
        }),
      ),
  );

function entityEntries(): Entry[] {
  const types = new Map(newestEvents.value.map(({ entityId, aggregateType }) => [entityId, aggregateType]));
  return [...types].map(([entityId, type]) => entityEntry(entityId, type));
}

const entityEntry = (entityId: string, kind: string): Entry => ({
  kind,
  name: entityId,
  icon: "entities",
  run: () => go(["entities", entityId]),
});

const MOST = 60;
