import { type Projection, type RowKey, type Rows, takesEvent } from "../definition/index.ts";
import {
  checkStorable,
  MAX_PARTITION_KEY_BYTES,
  plainJson,
  type StoredEvent,
  UnstorableValueError,
} from "../event-store/index.ts";
import { forEvent, forEventAsync } from "../stream/index.ts";
import {
  checkPart,
  checkPlace,
  entityListKey,
  eventListKey,
  MAX_SORT_KEY_BYTES,
  SHARED_ROW_PREFIX,
} from "./row-keys.ts";

/** Where a row belongs: to an entity, to an event, or to a key that several entities share. */
export type RowPlace =
  | { readonly entityId: string }
  | { readonly entityId: string; readonly sequenceNumber: number }
  | RowKey;

/** The rows that events make of a projection, in memory: what the tables should hold. */
export class InMemoryRows {
  readonly #projection: Projection;
  readonly #isChecked: boolean;
  readonly #rows = new Map<string, { readonly place: RowPlace; readonly row: unknown }>();

  /** @param isChecked whether a row is refused that the table could not store; of rows that it has stored that is known */
  constructor(projection: Projection, isChecked = true) {
    this.#projection = projection;
    this.#isChecked = isChecked;
  }

  /** All rows, in the order in which they were made. */
  get all(): readonly { readonly place: RowPlace; readonly row: unknown }[] {
    return [...this.#rows.values()];
  }

  /** A copy, or undefined. */
  get(place: RowPlace): unknown {
    return structuredClone(this.#rows.get(textOf(place))?.row);
  }

  /**
   * Takes the next event of an entity, upcast: all that it changes or nothing.
   *
   * @throws {EventHandlingError} for what its code throws, and for a row that is set before it was got
   */
  async take(event: StoredEvent): Promise<void> {
    const projection = this.#projection;
    if (!takesEvent(projection, event)) return;
    const { entityId, sequenceNumber } = event;
    if (projection.kind === "row-per-entity") {
      const row = forEvent(event, `evolve of ${projection.name}`, () =>
        projection.evolve(this.get({ entityId }), event),
      );
      this.#put({ event, place: { entityId }, row });
    } else if (projection.kind === "row-per-event") {
      const row = forEvent(event, `row of ${projection.name}`, () => projection.row(event));
      this.#put({ event, place: { entityId, sequenceNumber }, row });
    } else {
      const changes = new Changes(this);
      await forEventAsync(event, `change of ${projection.name}`, () => projection.change(event, changes));
      for (const { place, row } of changes.made) this.#put({ event, place, row });
    }
  }

  #put({ event, place, row }: { readonly event: StoredEvent; readonly place: RowPlace; readonly row: unknown }): void {
    if (row === undefined) {
      this.#rows.delete(textOf(place));
      return;
    }
    const stored = forEvent(event, `storing the row of ${this.#projection.name}`, () => {
      if (!this.#isChecked) return asStored(row);
      const json = plainJson(row, "row");
      checkStorable(json, "row");
      checkSafeNumbers(json, "row");
      checkLists(this.#projection, json, listKeyOf(place));
      return json;
    });
    this.#rows.set(textOf(place), { place, row: stored });
  }
}

/** What one event reads and changes; it counts once the event has not failed. */
class Changes implements Rows<unknown> {
  readonly #rows: InMemoryRows;
  readonly #touched = new Map<string, { readonly place: RowKey; readonly row: unknown; readonly isChanged: boolean }>();

  constructor(rows: InMemoryRows) {
    this.#rows = rows;
  }

  async get(at: RowKey): Promise<unknown> {
    checkRowKey(at);
    // The table answers later: a row that is not waited for is not got yet when it is set.
    await Promise.resolve();
    const text = textOf(at);
    const touched = this.#touched.get(text) ?? { place: at, row: this.#rows.get(at), isChanged: false };
    this.#touched.set(text, touched);
    return structuredClone(touched.row);
  }

  set(at: RowKey, row: unknown): void {
    if (!this.#touched.has(textOf(at))) throw new Error(`row ${at.partition}/${at.key}: get it before you set it`);
    this.#touched.set(textOf(at), { place: at, row: structuredClone(row), isChanged: true });
  }

  remove(at: RowKey): void {
    this.set(at, undefined);
  }

  get made() {
    return [...this.#touched.values()].filter(({ isChanged }) => isChanged);
  }
}

/** The document client takes no number beyond the integers that JavaScript counts with. */
function checkSafeNumbers(value: unknown, path: string): void {
  if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new UnstorableValueError(path, `${value} is beyond Number.MAX_SAFE_INTEGER`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) checkSafeNumbers(item, `${path}.${key}`);
}

function checkLists(projection: Projection, row: unknown, key: string): void {
  if (!("lists" in projection)) return;
  for (const [list, place] of Object.entries(projection.lists ?? {})) checkPlace(list, place(row, key), key);
}

/** A row's own key, as lists are given it. */
export function listKeyOf(place: RowPlace): string {
  if ("partition" in place) return place.key;
  return "sequenceNumber" in place ? eventListKey(place.entityId, place.sequenceNumber) : entityListKey(place.entityId);
}

function checkRowKey({ partition, key }: RowKey): void {
  checkPart("partition", partition, partition, MAX_PARTITION_KEY_BYTES);
  checkPart("key", key, SHARED_ROW_PREFIX + key, MAX_SORT_KEY_BYTES);
}

const textOf = (place: RowPlace): string =>
  JSON.stringify(
    "partition" in place
      ? ["shared", place.partition, place.key]
      : ["of", place.entityId, "sequenceNumber" in place ? place.sequenceNumber : null],
  );

/** As the table gives a row back: without what is undefined. */
export const asStored = (row: unknown): unknown => (row === undefined ? undefined : JSON.parse(JSON.stringify(row)));
