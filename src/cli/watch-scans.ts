import type { EventStore, ScannedPage, ScanRequest } from "../event-store/index.ts";
import type { CommandContext } from "./command.ts";
import type { Connection } from "./connect.ts";

/** The store of a connection for work that reads all events, with a progress that counts them. */
export async function watchScans(
  { store, countEvents }: Connection,
  { progress }: CommandContext,
  note?: string,
): Promise<{ readonly store: EventStore; readonly end: () => void }> {
  const { tell, end } = progress({ unit: "events", total: await countEvents() });
  let events = 0;
  async function scanEvents(request: ScanRequest): Promise<ScannedPage> {
    const page = await store.scanEvents(request);
    events += page.events.length;
    tell(events, note);
    return page;
  }
  const watched = new Proxy(store, {
    get(target, name) {
      if (name === "scanEvents") return scanEvents;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store: watched, end };
}
