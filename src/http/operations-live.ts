import { z } from "@hono/zod-openapi";
import { collect, type StoredEvent } from "../event-store/index.ts";
import type { LiveEvents, OperationsContext } from "../operations/index.ts";
import { queryRoute } from "./query.ts";
import type { App } from "./request.ts";

/**
 * The events since the last answer, as server-sent events (HTML Living Standard, section 9.2). A function's answer ends,
 * so the browser asks again after `retry`, with the id of the last one as `Last-Event-ID`: a time. Each answer goes back
 * some seconds, for the index may be behind; who listens knows an event by its number.
 */
export function addLiveStream(app: App, operations: OperationsContext): void {
  app.openapi(queryRoute("/operations/live", "Events as they are appended", z.strictObject({})), async (context) => {
    const now = operations.clock();
    const last = Date.parse(context.req.header("last-event-id") ?? "");
    const since = Number.isNaN(last) ? now.getTime() : Math.max(last, now.getTime() - LONGEST_MS);
    const events = await readSince(operations, new Date(since - OVERLAP_MS));
    const hello: LiveEvents["hello"] = { isLocal: false, now: now.toISOString() };
    const appended: LiveEvents["appended"] = { events };
    const messages = [
      `retry: ${RETRY_MS}\n`,
      message("hello", hello, now),
      ...(events.length > 0 ? [message("appended", appended, now)] : []),
    ];
    return context.body(messages.join("\n"), 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    }) as never;
  });
}

const message = (name: string, data: unknown, id: Date): string =>
  `id: ${id.toISOString()}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n`;

async function readSince({ store, service }: OperationsContext, from: Date): Promise<StoredEvent[]> {
  const types = Object.values(service.aggregates).map(({ aggregateType }) => aggregateType);
  const range = { fromTime: from.toISOString(), limit: MOST };
  const parts = await Promise.all(
    types.map((type) => collect(store.readEventsByType(type, undefined, range), ({ event }) => event)),
  );
  return parts.flat().sort((a, b) => Date.parse(a.eventTime) - Date.parse(b.eventTime));
}

const RETRY_MS = 2_000;
const OVERLAP_MS = 5_000;
/** Who was away for longer begins with the last minute. */
const LONGEST_MS = 60_000;
/** Events of one aggregate type in an answer, at most. */
const MOST = 500;
