import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import * as z from "zod";
import { whileTransient } from "./event-store/index.ts";

const envelope = z.object({
  eventId: z.string().min(1),
  entityId: z.string().min(1),
  aggregateType: z.string().min(1),
  sequenceNumber: z.int().min(1),
  eventType: z.string().min(1),
  eventTime: z.string().min(1),
  version: z.string().min(1),
  correlationId: z.string().min(1),
  causationId: z.string().optional(),
  userId: z.string().optional(),
  /** Missing beside a claim check. */
  data: z.unknown().optional(),
  claimCheck: z.object({ entityId: z.string(), sequenceNumber: z.int(), path: z.string() }).optional(),
});

/** A published event as a subscriber receives it. */
export type ReceivedEvent<Data = unknown> = Omit<z.infer<typeof envelope>, "data"> & { readonly data: Data };

/** What came is no published event. */
export class InvalidEnvelopeError extends Error {
  readonly code = "INVALID_ENVELOPE";
  constructor(readonly issues: readonly string[]) {
    super(`not a published event: ${issues.join("; ")}`);
    this.name = "InvalidEnvelopeError";
  }
}

/** @throws {InvalidEnvelopeError} naming every field that is off */
export function parseEnvelope(detail: unknown): ReceivedEvent {
  const result = envelope.safeParse(detail);
  if (result.success) return result.data as ReceivedEvent;
  throw new InvalidEnvelopeError(
    result.error.issues.map(({ path, message }) => `${path.map(String).join(".") || "detail"}: ${message}`),
  );
}

/** Remembers how far a subscriber has handled each entity. */
export interface Received {
  last(entityId: string): Promise<number>;
  /** False when another invocation has handled the event meanwhile. */
  advance(entityId: string, sequenceNumber: number): Promise<boolean>;
}

const ATTEMPTS = 8;

/** Keeps it in a DynamoDB table with the key `pk` (S), by a conditional write. */
export function dynamoDbReceived(client: DynamoDBDocumentClient, table: string, consumer: string): Received {
  const keyOf = (entityId: string) => ({ pk: `${consumer}#${entityId}` });
  return {
    async last(entityId) {
      const command = new GetCommand({ TableName: table, Key: keyOf(entityId), ConsistentRead: true });
      const { Item } = await whileTransient(ATTEMPTS, () => client.send(command));
      return Number(Item?.sequenceNumber ?? 0);
    },
    async advance(entityId, sequenceNumber) {
      const command = new PutCommand({
        TableName: table,
        Item: { ...keyOf(entityId), sequenceNumber },
        ConditionExpression: "attribute_not_exists(#pk) OR #sequenceNumber < :sequenceNumber",
        ExpressionAttributeNames: { "#pk": "pk", "#sequenceNumber": "sequenceNumber" },
        ExpressionAttributeValues: { ":sequenceNumber": sequenceNumber },
      });
      try {
        await whileTransient(ATTEMPTS, () => client.send(command));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

/** What handlers are told beside the event: pass them on with your own commands. */
export interface Links {
  readonly correlationId: string;
  /** The event that caused what you do now. */
  readonly causationId: string;
}

export interface ConsumerOptions {
  readonly received: Received;
  /** By event type; a type without a handler is passed by. */
  readonly handlers: Readonly<Record<string, (event: ReceivedEvent<never>, links: Links) => Promise<void>>>;
  /**
   * Events of an entity from one sequence number to another, for gaps and claim checks. Without it a
   * gap makes the message fail, so that it comes again behind what is missing.
   */
  readonly fetchEvents?: (entityId: string, from: number, to: number) => Promise<readonly ReceivedEvent[]>;
  readonly log?: (line: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** An event that precedes this one has not come. */
export class GapError extends Error {
  readonly code = "GAP";
  constructor(
    readonly entityId: string,
    readonly missingFrom: number,
    readonly missingTo: number,
  ) {
    super(`${entityId}: events ${missingFrom} to ${missingTo} have not come`);
    this.name = "GapError";
  }
}

export interface Consumer {
  /** Handles one event: "handled", "duplicate". @throws {GapError} */
  take(detail: unknown): Promise<"handled" | "duplicate">;
  /** A Lambda handler for a queue behind a rule, with partial failures. */
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse>;
}

/**
 * Takes published events, each entity's in order and each once: duplicates are dropped, gaps are
 * fetched. A crash between handling and remembering handles an event again, so handlers must stand it.
 */
export function createConsumer({ received, handlers, fetchEvents, log }: ConsumerOptions): Consumer {
  async function whole(event: ReceivedEvent): Promise<ReceivedEvent> {
    if (!event.claimCheck || !fetchEvents) return event;
    const { entityId, sequenceNumber } = event.claimCheck;
    const [fetched] = await fetchEvents(entityId, sequenceNumber, sequenceNumber);
    return fetched ?? event;
  }

  async function handle(event: ReceivedEvent): Promise<void> {
    const { entityId, sequenceNumber, eventType, eventId, correlationId } = event;
    const handler = Object.hasOwn(handlers, eventType) ? handlers[eventType] : undefined;
    log?.(`${eventType} ${entityId} #${sequenceNumber}`, { correlationId, eventId });
    await handler?.((await whole(event)) as ReceivedEvent<never>, { correlationId, causationId: eventId });
    await received.advance(entityId, sequenceNumber);
  }

  async function missing(entityId: string, from: number, to: number): Promise<readonly ReceivedEvent[]> {
    const fetched = from > to ? [] : ((await fetchEvents?.(entityId, from, to)) ?? []);
    if (fetched.length !== to - from + 1) throw new GapError(entityId, from, to);
    return fetched;
  }

  async function take(detail: unknown): Promise<"handled" | "duplicate"> {
    const event = parseEnvelope(detail);
    const last = await received.last(event.entityId);
    if (event.sequenceNumber <= last) return "duplicate";
    for (const before of await missing(event.entityId, last + 1, event.sequenceNumber - 1)) await handle(before);
    await handle(event);
    return "handled";
  }

  async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of Records) {
      try {
        await take((JSON.parse(body) as { detail?: unknown }).detail);
      } catch (error) {
        log?.(error instanceof Error ? error.message : String(error), { messageId });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  }

  return { take, handler };
}

/** Fetches missing events from the service's API, however many they are; `get` makes the signed or authorized request. */
export function fetchFromApi(get: (path: string) => Promise<unknown>): NonNullable<ConsumerOptions["fetchEvents"]> {
  const events = z.array(z.object({ eventData: z.unknown() }).loose());
  const answer = z.object({ events, nextFrom: z.int().optional() });
  return async (entityId, from, to) => {
    const all: ReceivedEvent[] = [];
    for (let next: number | undefined = from; next !== undefined && next <= to; ) {
      const path = `/entities/${encodeURIComponent(entityId)}/events?from=${next}&to=${to}&limit=1000`;
      const page: z.infer<typeof answer> = answer.parse(await get(path));
      for (const { eventData, ...stored } of page.events) all.push(parseEnvelope({ ...stored, data: eventData }));
      next = page.events.length === 0 ? undefined : page.nextFrom;
    }
    return all;
  };
}
