import { deepStrictEqual } from "node:assert/strict";
import {
  type Command,
  type CommandMetadata,
  type Decider,
  isRejection,
  type Projection,
  type RowKey,
  type Rows,
  takesEvent,
} from "./definition/index.ts";
import { checkFields, type Fields, type JsonObject, type NewEvent, type StoredEvent } from "./event-store/index.ts";

/** What `then` expects when the rules say no. */
export interface ExpectedRejection {
  readonly rejection: string;
}

/** The rules refuse for this reason: `then(rejected("product-discontinued"))`. */
export const rejected = (reason: string): ExpectedRejection => ({ rejection: reason });

const METADATA_FIELDS: Fields<CommandMetadata> = { userId: true, correlationId: true, now: true };
const NEW_EVENT: Fields<NewEvent> = { eventType: true, eventData: true };

interface Outcome<E> {
  /**
   * What must have come of the command.
   *
   * @throws {AssertionError} with the difference, line by line
   */
  then(expected: readonly E[] | ExpectedRejection): void;
}

interface Story<C, E> {
  when(command: C, metadata?: Partial<CommandMetadata>): Outcome<E>;
}

const METADATA: CommandMetadata = { userId: "ann", correlationId: "c-1", now: "2026-01-01T00:00:00.000Z" };

function outcomeOf<State, C extends Command, E extends NewEvent>(
  decider: Decider<State, C, E>,
  history: readonly E[],
  command: C,
  metadata: CommandMetadata,
): readonly E[] | ExpectedRejection {
  const state = history.reduce((before, event) => decider.evolve(before, event), decider.initialState);
  try {
    return decider.decide(command, state, metadata);
  } catch (error) {
    if (isRejection(error)) return rejected(error.reason);
    throw error;
  }
}

/**
 * Stories about a decider. A misspelt field of an event or of the metadata is refused by name.
 *
 * @example
 * const { given } = stories(product);
 * given([created]).when({ type: "ChangePrice", data: { price } }).then([{ eventType: "PriceUpdated", eventData }]);
 */
export function stories<State, C extends Command, E extends NewEvent>(
  decider: Decider<State, C, E>,
): { given(history: readonly E[]): Story<C, E> } {
  return {
    given: (history) => ({
      when: (command, metadata = {}) => ({
        // biome-ignore lint/suspicious/noThenProperty: given, when, then are the words of the kit
        then(expected) {
          checkFields("metadata", metadata, METADATA_FIELDS);
          for (const [n, event] of history.entries()) checkFields(`history[${n}]`, event, NEW_EVENT);
          deepStrictEqual(outcomeOf(decider, history, command, { ...METADATA, ...metadata }), expected);
        },
      }),
    }),
  };
}

/** An event for a projection; what is left out is filled in. */
export type GivenEvent = NewEvent & Partial<Omit<StoredEvent, "eventType" | "eventData">>;

const GIVEN_EVENT: Fields<GivenEvent> = {
  entityId: true,
  sequenceNumber: true,
  eventId: true,
  eventType: true,
  eventTime: true,
  eventData: true,
  version: true,
  userId: true,
  correlationId: true,
  aggregateType: true,
  causationId: true,
  commandId: true,
  commandHash: true,
  traceHeader: true,
};

function numbered(events: readonly GivenEvent[], aggregateType: string): StoredEvent[] {
  const versions = new Map<string, number>();
  return events.map((event, index) => {
    checkFields(`events[${index}]`, event, GIVEN_EVENT);
    const entityId = event.entityId ?? "entity-1";
    const sequenceNumber = event.sequenceNumber ?? (versions.get(entityId) ?? 0) + 1;
    versions.set(entityId, sequenceNumber);
    return {
      eventId: `${entityId}-${sequenceNumber}`,
      eventTime: METADATA.now,
      version: "1.0",
      userId: METADATA.userId,
      correlationId: METADATA.correlationId,
      aggregateType,
      ...event,
      eventData: event.eventData as JsonObject,
      entityId,
      sequenceNumber,
    };
  });
}

class RowsInMemory implements Rows<unknown> {
  readonly all = new Map<string, unknown>();
  readonly #textOf = ({ partition, key }: RowKey): string => `${partition}/${key}`;

  async get(at: RowKey): Promise<unknown> {
    return this.all.get(this.#textOf(at));
  }
  set(at: RowKey, row: unknown): void {
    this.all.set(this.#textOf(at), row);
  }
  remove(at: RowKey): void {
    this.all.delete(this.#textOf(at));
  }
}

async function rowsOf(projection: Projection, events: readonly StoredEvent[]): Promise<unknown> {
  const taken = events.filter((event) => takesEvent(projection, event));
  if (projection.kind === "row-per-entity") {
    return taken.reduce((row: unknown, event) => projection.evolve(row, event), undefined);
  }
  if (projection.kind === "row-per-event") return taken.flatMap((event) => projection.row(event) ?? []);
  const rows = new RowsInMemory();
  for (const event of taken) await projection.change(event, rows);
  return Object.fromEntries(rows.all);
}

/**
 * What a projection makes of events: the row of the entity, the rows of the events, or the shared
 * rows by "partition/key".
 *
 * @example
 * await projecting(productCatalog).given([created]).projects({ name: "Tea", … });
 */
export function projecting<Row>(projection: Projection<Row>): {
  given(events: readonly GivenEvent[]): { projects(expected: unknown): Promise<void> };
} {
  const [aggregateType = "Thing"] = Object.keys(projection.from);
  return {
    given: (events) => ({
      projects: async (expected) => {
        deepStrictEqual(await rowsOf(projection as Projection, numbered(events, aggregateType)), expected);
      },
    }),
  };
}
