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

/** The event is too large for the bus, and its data could not be fetched. */
export class ClaimCheckError extends Error {
  readonly code = "CLAIM_CHECK";
  constructor(
    readonly entityId: string,
    readonly sequenceNumber: number,
    reason: string,
  ) {
    super(`${entityId} #${sequenceNumber} came as a claim check, and ${reason}`);
    this.name = "ClaimCheckError";
  }
}

/** Another invocation is at the entity's events. */
export class BusyError extends Error {
  readonly code = "BUSY";
  constructor(readonly entityId: string) {
    super(`${entityId}: another invocation is handling its events; the message will be redelivered`);
    this.name = "BusyError";
  }
}
