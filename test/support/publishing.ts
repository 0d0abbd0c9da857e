import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LocalBus } from "../../src/local/bus.ts";
import type { BusEvent } from "../../src/local/bus-entries.ts";
import { serveBus } from "../../src/local/bus-server.ts";
import {
  type Bus,
  createPublisher,
  type Envelope,
  eventBridgeBus,
  type Publisher,
  type PublisherOptions,
} from "../../src/publisher/index.ts";
import { storedEvent } from "./bare-table.ts";
import { documents, localCredentials, READ_MODELS, startTestEngine, type TestEngine } from "./engine.ts";
import { openStore } from "./store.ts";

export interface Publishing {
  readonly engine: TestEngine;
  readonly localBus: LocalBus;
  /** Speaks to the bus. */
  readonly client: EventBridgeClient;
  /** Detail types that the bus's one rule, for SnapshotDue, has delivered. */
  readonly caught: readonly string[];
  publisher(more?: Partial<PublisherOptions>): Publisher;
  /** Sequence numbers on the bus by entity, in the order the bus took them. */
  onBus(prefix: string): Map<string, number[]>;
  stop(): Promise<void>;
}

/** An engine, and a bus named Shop that is reached over HTTP. */
export async function startPublishing(): Promise<Publishing> {
  const stopping = new AbortController();
  const caught: string[] = [];
  const engine = await startTestEngine();
  const localBus = new LocalBus({
    buses: ["Shop"],
    rules: [
      {
        name: "snapshots",
        bus: "Shop",
        pattern: { source: ["shop"], "detail-type": ["SnapshotDue"] },
        isEnabled: true,
        targets: [{ kind: "function", id: "s", deadLetter: undefined, maxRetries: 0, maxAgeSeconds: 60 }],
      },
    ],
    region: "eu-central-1",
    newId: () => Math.random().toString(36).slice(2),
    clock: () => new Date(),
    backOff: async () => undefined,
    log: () => undefined,
    signal: stopping.signal,
    send: async (_target, event) => void caught.push((event as BusEvent)["detail-type"]),
    deadLetter: () => undefined,
  });
  const server = await serveBus(localBus, 0);
  const client = new EventBridgeClient({
    endpoint: server.endpoint,
    region: "eu-central-1",
    credentials: localCredentials,
    maxAttempts: 1,
  });
  const publisher = (more: Partial<PublisherOptions> = {}) =>
    createPublisher({
      bus: eventBridgeBus(client, "Shop"),
      store: openStore(engine),
      table: { client: documents(engine.connect()), name: READ_MODELS },
      eventTypes: {},
      source: "shop",
      backOff: async () => undefined,
      clock: () => new Date(),
      ...more,
    });
  function onBus(prefix: string): Map<string, number[]> {
    const all = new Map<string, number[]>();
    for (const { event } of localBus.archive) {
      const { entityId, sequenceNumber } = event.detail as unknown as Envelope;
      if (entityId?.startsWith(prefix) && sequenceNumber)
        all.set(entityId, [...(all.get(entityId) ?? []), sequenceNumber]);
    }
    return all;
  }
  async function stop(): Promise<void> {
    stopping.abort();
    client.destroy();
    await server.stop();
    await engine.stop();
  }
  return { engine, localBus, client, caught, publisher, onBus, stop };
}

/** Events of no further meaning, from the first on. */
export const history = (entityId: string, count: number, eventData: object = {}) =>
  Array.from({ length: count }, (_, n) =>
    storedEvent({ entityId, sequenceNumber: n + 1, eventData: eventData as never }),
  );

/** The bus, refusing what a test says. */
export const refusing = (client: EventBridgeClient, isRefused: (detail: Envelope) => boolean): Bus => {
  const bus = eventBridgeBus(client, "Shop");
  return {
    async put(entries) {
      const refused = entries.map(({ detail }) => isRefused(JSON.parse(detail) as Envelope));
      const taken = entries.filter((_, index) => !refused[index]);
      const answers = taken.length > 0 ? [...(await bus.put(taken))] : [];
      return refused.map((is) => (is ? { code: "InvalidArgument", message: "no" } : answers.shift()));
    },
  };
};
