import { createHash } from "node:crypto";
import type { EventStore, StoredEvent } from "../event-store/index.ts";
import { lineOf, type Trailer } from "./event-line.ts";

export interface ExportOptions {
  /** Only these. Default: all. */
  readonly isWanted?: (event: StoredEvent) => boolean;
  /** Called after each page of at most 1 MB. */
  readonly onProgress?: (events: number) => void;
}

/**
 * Every event of the table as a line of JSON, an entity's in their order, entities in none; and a last line with the
 * number and the checksum of those before it. `importEvents` takes them back. Of an entity that is written meanwhile a
 * first part comes, without a hole.
 *
 * @throws {Error} for an item that is no event: an export without it would be a history with a hole
 */
export async function* exportLines(
  store: Pick<EventStore, "scanEvents">,
  { isWanted = () => true, onProgress }: ExportOptions = {},
): AsyncGenerator<string> {
  const hash = createHash("sha256");
  let events = 0;
  let start: string | undefined;
  do {
    const page = await store.scanEvents({ segment: 0, segments: 1, start });
    for (const { entityId, sequenceNumber, event } of page.events) {
      if (!event) throw new Error(`${entityId} #${sequenceNumber} cannot be read: it is no event`);
      if (!isWanted(event)) continue;
      const line = `${lineOf(event)}\n`;
      hash.update(line);
      events += 1;
      yield line;
    }
    onProgress?.(events);
    start = page.next;
  } while (start !== undefined);
  yield `${JSON.stringify({ events, sha256: hash.digest("hex") } satisfies Trailer)}\n`;
}
