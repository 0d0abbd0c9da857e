import { CommandsBackward, EMPTY_COMMAND_LOG } from "../command-log.ts";
import { type EntityHead, headAt, NEW_ENTITY } from "../entity-head.ts";
import type { StoredEvent } from "../event.ts";
import type { StoreContext } from "./context.ts";
import { readPages } from "./read.ts";

/** The entity's last event as its head, strongly consistent; the command log is complete when that is its first event. */
export async function readHead(context: StoreContext, entityId: string): Promise<EntityHead> {
  for await (const [last] of readPages(context, entityId, { direction: "backward", limit: 1 })) {
    if (last) return headAt(last, { records: [], complete: last.sequenceNumber === 1 });
  }
  return NEW_ENTITY;
}

/**
 * The entity's head with its last commands: reads backward until as many commands as are remembered
 * were seen, with an id or without, or the entity's start.
 */
export async function readHeadWithCommands(context: StoreContext, entityId: string): Promise<EntityHead> {
  const commands = new CommandsBackward();
  let head: StoredEvent | undefined;
  for await (const page of readPages(context, entityId, { direction: "backward" })) {
    head ??= page[0];
    for (const event of page) commands.add(event);
    if (commands.isEnough) break;
  }
  if (!head) return NEW_ENTITY;
  const known = { ...headAt(head, EMPTY_COMMAND_LOG), commands: commands.log };
  context.heads.set(entityId, known);
  return known;
}
