import { readProgressNow, writeProgress } from "../publisher/dynamodb-progress.ts";
import type { Publisher } from "../publisher/index.ts";
import type { ReadModelTable } from "../stream/index.ts";
import { moveBack } from "./publish-again.ts";

/**
 * Takes events of an entity as published before they are stored, so that the publisher passes them by when the stream
 * brings them.
 *
 * @param head the entity's version now: what it has already must be on the bus, or it would never come there
 * @returns why it cannot be done; undefined when it is
 */
export async function markBeforehand(
  table: ReadModelTable,
  entityId: string,
  { head, upTo }: { readonly head: number; readonly upTo: number },
): Promise<string | undefined> {
  for (;;) {
    const { failing: _, ...progress } = await readProgressNow(table, entityId);
    if (progress.parked) return "it is parked in the publisher";
    if (progress.published < head) return `its events up to ${head} are not all on the bus yet`;
    if (progress.published >= upTo) return undefined;
    if (await writeProgress(table, { ...progress, published: upTo })) return undefined;
  }
}

/** Takes back what was marked and not stored. What others have stored there meanwhile goes on the bus now. */
export async function takeMarkBack(
  { table, publisher }: { readonly table: ReadModelTable; readonly publisher: Publisher },
  entityId: string,
  { stored, head }: { readonly stored: number; readonly head: number },
): Promise<void> {
  const isBack = await moveBack(table, entityId, stored);
  if (isBack && head > stored) await publisher.publish([{ entityId, upTo: head, events: [] }]);
}
