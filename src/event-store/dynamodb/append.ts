import pRetry from "p-retry";
import { findCommand, readEventsOfCommand, recordCommand, UNKNOWN_COMMAND_LOG } from "../command-log.ts";
import { type EntityHead, headAt, NEW_ENTITY } from "../entity-head.ts";
import { AppendRetriesExhaustedError, ConcurrencyError, isConcurrencyError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { AppendRequest, AppendResult, ReadOptions } from "../event-store.ts";
import { upcast } from "../event-types.ts";
import { stepBackMs } from "../lost-races.ts";
import { pause } from "../pause.ts";
import type { StoreContext } from "./context.ts";
import { readHead, readHeadWithCommands } from "./head.ts";
import { assignSequenceNumbers, type EventItem, type PreparedAppend, prepareAppend } from "./prepare.ts";
import { readEvent, readEvents, readPages } from "./read.ts";
import { writeEvents } from "./write.ts";

export async function appendEvents(context: StoreContext, request: AppendRequest): Promise<AppendResult> {
  const append = await prepareAppend(context, request);
  if (append.request.expectedVersion === undefined) return appendAtHead(context, append);
  const appended = await appendOnce(context, append).catch((error: unknown) => {
    if (append.command && isConcurrencyError(error)) return new LostRace(append.request.entityId);
    throw error;
  });
  return appended instanceof LostRace ? explainConflict(context, append, appended) : appended;
}

async function appendAtHead(context: StoreContext, append: PreparedAppend): Promise<AppendResult> {
  const { entityId } = append.request;
  const attempt = async (): Promise<AppendResult> => {
    const appended = await appendOnce(context, append);
    if (appended instanceof LostRace) throw appended;
    return appended;
  };
  try {
    return await pRetry(attempt, {
      retries: context.appendAttempts - 1,
      minTimeout: 0,
      shouldRetry: ({ error }) => error instanceof LostRace,
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft > 0) await learn(context, append, error, stepBackMs(attemptNumber));
      },
    });
  } catch (error) {
    if (error instanceof LostRace) throw new AppendRetriesExhaustedError(entityId, context.appendAttempts);
    throw error;
  }
}

/** Somebody else stored at that sequence number first. */
class LostRace extends Error {
  constructor(
    entityId: string,
    readonly winner?: StoredEvent,
  ) {
    super(entityId);
  }
}

/** Where the entity is after a lost race: behind the winner, or, after a pause in which others went on, read. */
async function learn(context: StoreContext, append: PreparedAppend, lost: Error, pauseMs: number): Promise<void> {
  if (!(lost instanceof LostRace)) return;
  if (pauseMs === 0 && lost.winner && isWhole(lost.winner)) return learnWinner(context, lost.winner);
  await pause(pauseMs);
  await refreshHead(context, append);
}

const isOfCommand = ({ commandId }: StoredEvent, { command }: PreparedAppend): boolean =>
  command !== undefined && commandId === command.id;

/** The winner may be the first of several events of one command, and a repeat of that is answered by what is known of it. */
const isWhole = ({ commandId }: StoredEvent): boolean => commandId === undefined;

function learnWinner({ heads }: StoreContext, winner: StoredEvent): void {
  heads.set(winner.entityId, headAt(winner, heads.commandsBefore(winner.entityId, winner.sequenceNumber)));
}

/** One try. */
async function appendOnce(context: StoreContext, append: PreparedAppend): Promise<AppendResult | LostRace> {
  const found = await findHead(context, append);
  if (isAppended(found)) return found;
  const placed = assignSequenceNumbers(context, found, append);
  append.request.precondition?.(placed.map(({ event }) => event));
  const conflict = await writeEvents(context, placed);
  return conflict ? new LostRace(conflict.entityId, conflict.winner) : remember(context, found, placed);
}

/** The first result when the same command was stored before. @throws {ConcurrencyError} */
async function explainConflict(
  context: StoreContext,
  append: PreparedAppend,
  { winner: stored }: LostRace,
): Promise<AppendResult> {
  const { entityId, expectedVersion = 0, explainsConflict = true } = append.request;
  const winner = stored && upcastOrNone(context, stored);
  if (!explainsConflict && winner && !isOfCommand(winner, append)) {
    if (isWhole(winner)) learnWinner(context, winner);
    throw new ConcurrencyError(entityId, expectedVersion, winner.sequenceNumber, { winner });
  }
  const { repeated, version } = await findRepeat(context, append);
  if (repeated) return repeated;
  throw new ConcurrencyError(entityId, expectedVersion, version, { winner });
}

function upcastOrNone({ eventTypes }: StoreContext, event: StoredEvent): StoredEvent | undefined {
  try {
    return upcast(eventTypes, event);
  } catch {
    return undefined;
  }
}

/** Where the append goes, or the result of the same command's first time. */
export async function findHead(context: StoreContext, append: PreparedAppend): Promise<EntityHead | AppendResult> {
  const { entityId, expectedVersion } = append.request;
  if (append.command) {
    const head = await headWithCommands(context, append);
    const repeated = await repeatedResult(context, append, head);
    if (repeated) return repeated;
    if (expectedVersion === undefined || expectedVersion === head.version) return head;
    throw new ConcurrencyError(entityId, expectedVersion, head.version);
  }
  if (expectedVersion !== undefined) return headAtVersion(context, entityId, expectedVersion);
  return context.heads.get(entityId) ?? readHead(context, entityId);
}

/** As `findHead`, for an append with a command: its head comes with a complete command log. */
async function headWithCommands(context: StoreContext, append: PreparedAppend): Promise<EntityHead> {
  const { entityId, expectedVersion, command } = append.request;
  if (command?.log?.complete && expectedVersion !== undefined) {
    const found = findCommand(command.log, entityId, { id: command.id, hash: append.command?.hash ?? "" });
    if (found) return { ...NEW_ENTITY, commands: command.log };
    return { ...(await headAtVersion(context, entityId, expectedVersion)), commands: command.log };
  }
  const known = context.heads.get(entityId);
  const isAhead = known !== undefined && (expectedVersion ?? 0) > known.version;
  return known?.commands.complete && !isAhead ? known : readHeadWithCommands(context, entityId);
}

/** The head is at the version that the caller expects, or that is a conflict. */
async function headAtVersion(context: StoreContext, entityId: string, expected: number): Promise<EntityHead> {
  const known = context.heads.get(entityId);
  if (known && known.version > expected) throw new ConcurrencyError(entityId, expected, known.version);
  if (known?.version === expected) return known;
  if (expected === 0) return NEW_ENTITY;
  const event = await readEvent(context, entityId, expected);
  if (event) return headAt(event, UNKNOWN_COMMAND_LOG);
  const { version } = await readHead(context, entityId);
  throw new ConcurrencyError(entityId, expected, version);
}

export const isAppended = (found: EntityHead | AppendResult): found is AppendResult => "repeated" in found;

export function remember(context: StoreContext, head: EntityHead, placed: readonly EventItem[]): AppendResult {
  const events = placed.map(({ event }) => event);
  const last = events.at(-1);
  if (!last) return { version: head.version, events, repeated: false };
  context.heads.set(last.entityId, headAt(last, events.slice(0, -1).reduce(recordCommand, head.commands)));
  return { version: last.sequenceNumber, events, repeated: false };
}

/** After a conflict: the first result when the same command was stored before, else where the entity is. */
export async function findRepeat(
  context: StoreContext,
  append: PreparedAppend,
): Promise<{ readonly repeated: AppendResult | undefined; readonly version: number }> {
  const head = await refreshHead(context, append);
  return { repeated: await repeatedResult(context, append, head), version: head.version };
}

/** More events than this after the known version are not read on from it: the entity is looked at from its end. */
const CATCH_UP = 500;

/** The head as it is now, strongly read; with a complete command log when the append has a command. */
async function refreshHead(context: StoreContext, append: PreparedAppend): Promise<EntityHead> {
  const { entityId } = append.request;
  const known = context.heads.get(entityId);
  if (!append.command || !known?.commands.complete) {
    return append.command ? readHeadWithCommands(context, entityId) : readHead(context, entityId);
  }
  let read = 0;
  for await (const page of readPages(context, entityId, { fromSequence: known.version + 1, limit: CATCH_UP })) {
    read += page.length;
  }
  const head = context.heads.get(entityId);
  return head?.commands.complete && read < CATCH_UP ? head : readHeadWithCommands(context, entityId);
}

export async function repeatedResult(
  context: StoreContext,
  append: PreparedAppend,
  head: EntityHead,
): Promise<AppendResult | undefined> {
  const { command, request } = append;
  const first = command && findCommand(head.commands, request.entityId, command);
  if (!first) return undefined;
  const reader = { readEvents: (entityId: string, options?: ReadOptions) => readEvents(context, entityId, options) };
  const events = await readEventsOfCommand(reader, request.entityId, first);
  return { version: first.version, events, repeated: true };
}
