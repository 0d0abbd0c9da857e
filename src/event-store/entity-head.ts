import { type CommandLog, EMPTY_COMMAND_LOG, recordCommand } from "./command-log.ts";
import type { StoredEvent } from "./event.ts";
import type { CachedHead } from "./head-cache.ts";

/** An entity at its head: nothing at all when no event of it exists. */
export type EntityHead = CachedHead | NewEntity;

interface NewEntity {
  readonly version: 0;
  readonly aggregateType?: undefined;
  readonly eventTime?: undefined;
  readonly commands: CommandLog;
}

export const NEW_ENTITY: NewEntity = { version: 0, commands: EMPTY_COMMAND_LOG };

/** The entity with this event as its last one. */
export function headAt(event: StoredEvent, before: CommandLog): CachedHead {
  const { sequenceNumber, aggregateType, eventTime } = event;
  return { version: sequenceNumber, aggregateType, eventTime, commands: recordCommand(before, event) };
}
