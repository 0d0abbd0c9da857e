import { CommandIdReusedError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { EventStore } from "./event-store.ts";
import { MAX_EVENTS_PER_APPEND } from "./validate.ts";

export interface CommandRecord {
  readonly id: string;
  readonly hash: string;
  /** The entity's version after the command: what the first caller was answered. */
  readonly version: number;
}

/** The last commands of an entity up to one version, oldest first. */
export interface CommandLog {
  readonly records: readonly CommandRecord[];
  /** True when it reaches back to the entity's first event or holds all that are remembered. */
  readonly complete: boolean;
}

/**
 * The first result of a command, when it was stored before.
 *
 * @throws {CommandIdReusedError} when the id belongs to a different command
 */
export function findCommand(
  log: CommandLog,
  entityId: string,
  command: { readonly id: string; readonly hash: string },
): CommandRecord | undefined {
  const found = log.records.findLast((record) => record.id === command.id);
  if (found && found.hash !== command.hash) {
    throw new CommandIdReusedError(entityId, command.id, found.version);
  }
  return found;
}

/** The events that a command has stored, the last of which is the entity's event at the record's version. */
export async function readEventsOfCommand(
  store: Pick<EventStore, "readEvents">,
  entityId: string,
  { id, version }: CommandRecord,
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  const range = { toSequence: version, direction: "backward", limit: MAX_EVENTS_PER_APPEND } as const;
  for await (const event of store.readEvents(entityId, range)) {
    if (event.commandId !== id) break;
    events.push(event);
  }
  return events.reverse();
}

/** Collects the commands of events that come newest first. */
export class CommandsBackward {
  readonly #keyed: CommandEvent[] = [];
  #mark: string | undefined;
  #commands = 0;

  /** True when all that are remembered were seen. */
  get isEnough(): boolean {
    return this.#commands > REMEMBERED_COMMANDS;
  }

  add(event: StoredEvent): void {
    const { commandId, commandHash, sequenceNumber } = event;
    if (commandMark(event) !== this.#mark) this.#commands += 1;
    this.#mark = commandMark(event);
    if (commandId !== undefined)
      this.#keyed.push({ commandId, sequenceNumber, ...(commandHash ? { commandHash } : {}) });
  }

  get log(): CommandLog {
    return this.#keyed.toReversed().reduce(recordCommand, EMPTY_COMMAND_LOG);
  }
}

/** How many commands of an entity are remembered for the recognition of repeats. */
export const REMEMBERED_COMMANDS = 100;

export const EMPTY_COMMAND_LOG: CommandLog = { records: [], complete: true };
export const UNKNOWN_COMMAND_LOG: CommandLog = { records: [], complete: false };

type CommandEvent = Pick<StoredEvent, "commandId" | "commandHash" | "sequenceNumber">;

/** Takes one more event, the next by sequence number, into the log. */
export function recordCommand(log: CommandLog, event: CommandEvent): CommandLog {
  const { commandId: id, commandHash: hash = "", sequenceNumber: version } = event;
  if (id === undefined) return log;
  const before = log.records.at(-1)?.id === id ? log.records.slice(0, -1) : log.records;
  const records = [...before, { id, hash, version }].slice(-REMEMBERED_COMMANDS);
  return { records, complete: log.complete || records.length === REMEMBERED_COMMANDS };
}

/** Tells one command's events from the next one's, also where commands carry no id. */
export const commandMark = ({ commandId, correlationId, eventTime }: StoredEvent): string =>
  commandId ?? `${correlationId} ${eventTime}`;
