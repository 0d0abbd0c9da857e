import pRetry from "p-retry";
import { findCommand, readEventsOfCommand, recordCommand, UNKNOWN_COMMAND_LOG } from "../command-log.ts";
import { type EntityHead, headAt, NEW_ENTITY } from "../entity-head.ts";
import { AppendRetriesExhaustedError, ConcurrencyError, isConcurrencyError } from "../errors.ts";
import type { AppendRequest, AppendResult, ReadOptions } from "../event-store.ts";
import type { StoreContext } from "./context.ts";
import { readHead, readHeadWithCommands } from "./head.ts";
import { assignSequenceNumbers, type EventItem, type PreparedAppend, prepareAppend } from "./prepare.ts";
import { readEvent, readEvents, readPages } from "./read.ts";
import { writeEvents } from "./write.ts";

export async function appendEvents(context: StoreContext, request: AppendRequest): Promise<AppendResult> {
  const append = await prepareAppend(context, request);
  if (append.request.expectedVersion === undefined) return appendAtHead(context, append);
  const appended = await appendOnce(context, append).catch((error: unknown) => {
    if (append.command && isConcurrencyError(error)) return undefined;
    throw error;
  });
  return appended ?? explainConflict(context, append);
}

async function appendAtHead(context: StoreContext, append: PreparedAppend): Promise<AppendResult> {
  const { entityId } = append.request;
  const attempt = async (): Promise<AppendResult> => {
    const appended = await appendOnce(context, append);
    if (appended) return appended;
    await refreshHead(context, append);
    throw new LostRace(entityId);
  };
  try {
    return await pRetry(attempt, {
      retries: context.appendAttempts - 1,
      minTimeout: 2,
      maxTimeout: 200,
      factor: 1.5,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof LostRace,
    });
  } catch (error) {
    if (error instanceof LostRace) throw new AppendRetriesExhaustedError(entityId, context.appendAttempts);
    throw error;
  }
}

class LostRace extends Error {}

/** One try. Undefined: somebody else stored at that sequence number first. */
async function appendOnce(context: StoreContext, append: PreparedAppend): Promise<AppendResult | undefined> {
  const found = await findHead(context, append);
  if (isAppended(found)) return found;
  const placed = assignSequenceNumbers(context, found, append);
  append.request.precondition?.(placed.map(({ event }) => event));
  const conflict = await writeEvents(context, placed);
  return conflict ? undefined : remember(context, found, placed);
}

async function explainConflict(context: StoreContext, append: PreparedAppend): Promise<AppendResult> {
  const { entityId, expectedVersion = 0 } = append.request;
  const { repeated, version } = await findRepeat(context, append);
  if (repeated) return repeated;
  throw new ConcurrencyError(entityId, expectedVersion, version);
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
