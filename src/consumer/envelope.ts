import * as z from "zod";

/** A published event as a subscriber receives it. */
export type ReceivedEvent<Data = unknown> = Omit<z.infer<typeof envelope>, "data"> & { readonly data: Data };

/** @throws {InvalidEnvelopeError} naming every field that is invalid */
export function parseEnvelope(detail: unknown): ReceivedEvent {
  const result = envelope.safeParse(detail);
  if (result.success) return result.data as ReceivedEvent;
  throw new InvalidEnvelopeError(
    result.error.issues.map(({ path, message }) => `${path.map(String).join(".") || "detail"}: ${message}`),
  );
}

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

/** What came is no published event. */
export class InvalidEnvelopeError extends Error {
  readonly code = "INVALID_ENVELOPE";
  constructor(readonly issues: readonly string[]) {
    super(`not a published event: ${issues.join("; ")}`);
    this.name = "InvalidEnvelopeError";
  }
}
