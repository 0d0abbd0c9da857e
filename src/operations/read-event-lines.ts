import { isDeepStrictEqual } from "node:util";
import type { ServiceDefinition } from "../definition/index.ts";
import { encodeEvent, itemSize, MAX_ITEM_BYTES, type PayloadEncoding } from "../event-store/dynamodb/index.ts";
import {
  checkKeyText,
  checkSchema,
  checkTime,
  checkWholeNumber,
  currentVersion,
  InvalidArgumentError,
  isWellFormed,
  type JsonObject,
  MAX_AGGREGATE_TYPE_BYTES,
  MAX_ID_BYTES,
  type StoredEvent,
  schemaOf,
  toJsonObject,
  upcast,
} from "../event-store/index.ts";
import { checkLine, type EventLine } from "./event-line.ts";
import { fromEventStoreDb } from "./event-store-db-line.ts";

/** How lines become events. */
export interface LineRules {
  readonly service: ServiceDefinition;
  readonly encoding: PayloadEncoding;
  /** Default "streamfold". */
  readonly format?: "streamfold" | "eventstoredb";
  /** Times with more digits than milliseconds are cut; otherwise they are refused. */
  readonly cutsTimes?: boolean;
  /** Events are numbered by their order in the file, whatever their lines say. */
  readonly renumbers?: boolean;
  /** Data are not held to the schema of their event type. */
  readonly takesAnyData?: boolean;
  /** For lines that do not say. */
  readonly aggregateType?: string | undefined;
  readonly defaults: {
    readonly eventTime: string;
    readonly userId: string;
    readonly correlationId: string;
    /** The same for the same event, so that a second run makes the same. */
    readonly eventId: (entityId: string, sequenceNumber: number) => string;
  };
}

export interface ReadEvent {
  readonly event: StoredEvent;
  /** What of the event its line did not say. */
  readonly madeUp: readonly (keyof StoredEvent)[];
}

/** Reads the lines of a file in their order: it counts each entity's events. */
export class EventLineReader {
  readonly #rules: LineRules;
  readonly #entities = new Map<string, { version: number; aggregateType: string }>();

  constructor(rules: LineRules) {
    this.#rules = rules;
  }

  get entities(): number {
    return this.#entities.size;
  }

  /** The event of a line. @throws {EventStoreError} saying what is wrong with it */
  async read(value: unknown): Promise<ReadEvent> {
    const { service, format, cutsTimes = false, defaults, encoding } = this.#rules;
    const line = format === "eventstoredb" ? fromEventStoreDb(value, cutsTimes) : this.#own(value);
    checkKeyText("entityId", line.entityId, MAX_ID_BYTES);
    checkText("eventType", line.eventType);
    const aggregateType = aggregateTypeOf(this.#rules, line);
    const sequenceNumber = this.#place(line, aggregateType);
    const { entityId, eventType, causationId, commandId, commandHash, traceHeader } = line;
    const madeUp = MADE_UP.filter((name) => line[name as keyof EventLine] === undefined);
    const event: StoredEvent = {
      entityId,
      sequenceNumber,
      aggregateType,
      eventType,
      eventData: toJsonObject(line.data, "data"),
      eventId: line.eventId ?? defaults.eventId(entityId, sequenceNumber),
      eventTime: line.eventTime ?? defaults.eventTime,
      version: line.version ?? currentVersion(service.eventTypes, aggregateType, eventType),
      userId: line.userId ?? defaults.userId,
      correlationId: line.correlationId ?? defaults.correlationId,
      ...(causationId === undefined ? {} : { causationId }),
      ...(commandId === undefined ? {} : { commandId }),
      ...(commandHash === undefined ? {} : { commandHash }),
      ...(traceHeader === undefined ? {} : { traceHeader }),
    };
    checkTexts(event);
    checkStoredTime(event.eventTime);
    await checkData(this.#rules, event);
    const bytes = itemSize(encodeEvent(event, encoding));
    if (bytes > MAX_ITEM_BYTES)
      throw new InvalidArgumentError("data", `${bytes} bytes`, `an event of at most ${MAX_ITEM_BYTES}`);
    return { event, madeUp };
  }

  #own(value: unknown): EventLine {
    checkLine(value);
    const { eventTime } = value;
    return this.#rules.cutsTimes && eventTime !== undefined ? { ...value, eventTime: cut(eventTime) } : value;
  }

  /** Counts the event. @throws {InvalidArgumentError} when it is not the next one of its entity */
  #place({ entityId, sequenceNumber }: EventLine, aggregateType: string): number {
    const known = this.#entities.get(entityId) ?? { version: 0, aggregateType };
    const next = known.version + 1;
    if (known.aggregateType !== aggregateType)
      throw new InvalidArgumentError(
        "aggregateType",
        aggregateType,
        `${known.aggregateType}, as of ${entityId} before`,
      );
    if (sequenceNumber !== undefined && !this.#rules.renumbers) {
      checkWholeNumber("sequenceNumber", sequenceNumber, 1);
      if (sequenceNumber !== next)
        throw new InvalidArgumentError(
          `sequenceNumber of ${entityId}`,
          sequenceNumber,
          `${next} (or be told to renumber)`,
        );
    }
    this.#entities.set(entityId, { version: next, aggregateType });
    return next;
  }
}

const MADE_UP = ["eventId", "eventTime", "version", "userId", "correlationId"] as const;

/** @throws {InvalidArgumentError} */
function aggregateTypeOf(
  { service, aggregateType: given }: LineRules,
  { aggregateType, eventType }: EventLine,
): string {
  const all = Object.values(service.aggregates);
  const chosen = aggregateType ?? given;
  const found = all.filter(
    (one) => (chosen ?? one.aggregateType) === one.aggregateType && Object.hasOwn(one.eventTypes, eventType),
  );
  if (found.length === 1 && found[0]) return found[0].aggregateType;
  if (found.length > 1)
    throw new InvalidArgumentError(
      "aggregateType",
      undefined,
      `one of ${found.map((one) => one.aggregateType).join(", ")}, which all have ${eventType}`,
    );
  if (chosen !== undefined && !all.some((one) => one.aggregateType === chosen))
    throw new InvalidArgumentError("aggregateType", chosen, `one of ${all.map((one) => one.aggregateType).join(", ")}`);
  throw new InvalidArgumentError(
    "eventType",
    eventType,
    `an event that ${chosen ?? "an aggregate of the service"} declares`,
  );
}

function checkTexts({ aggregateType, userId, eventId, version, correlationId, ...event }: StoredEvent): void {
  checkKeyText("aggregateType", aggregateType, MAX_AGGREGATE_TYPE_BYTES);
  checkKeyText("userId", userId, MAX_ID_BYTES);
  const { causationId = "-", commandId = "-", commandHash = "-", traceHeader = "-" } = event;
  const texts = { eventId, version, correlationId, causationId, commandId, commandHash, traceHeader };
  for (const [name, value] of Object.entries(texts)) checkText(name, value);
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "" || !isWellFormed(value))
    throw new InvalidArgumentError(name, value, "non-empty well-formed text");
}

/** Index reads compare times as texts: all are of one form. */
function checkStoredTime(eventTime: string): void {
  checkTime("eventTime", eventTime);
  if (new Date(eventTime).toISOString() !== eventTime)
    throw new InvalidArgumentError(
      "eventTime",
      eventTime,
      "a time in UTC with milliseconds, as 2026-01-31T12:00:00.000Z",
    );
}

const cut = (time: string): string => (Number.isNaN(Date.parse(time)) ? time : new Date(time).toISOString());

/** @throws {EventStoreError} for data that this code could not read, or that an append would refuse or change */
async function checkData({ service, takesAnyData = false }: LineRules, event: StoredEvent): Promise<void> {
  const { eventTypes } = service;
  const { aggregateType, eventType, version, eventData } = event;
  upcast(eventTypes, event);
  const schema = schemaOf(eventTypes, aggregateType, eventType);
  if (takesAnyData || !schema || version !== currentVersion(eventTypes, aggregateType, eventType)) return;
  const output = (await checkSchema(schema, eventType, eventData)) as JsonObject;
  if (!isDeepStrictEqual(output, eventData))
    throw new InvalidArgumentError("data", eventData, `data that the schema of ${eventType} leaves as they are`);
}
