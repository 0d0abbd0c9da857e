import type { EntityBatch, EntityFailure, ReadModelTable } from "../stream/index.ts";
import type { Bus } from "./bus.ts";
import type { PlanOptions } from "./plan.ts";

export interface PublisherOptions extends PlanOptions {
  readonly bus: Bus;
  readonly table: ReadModelTable;
  /** Bytes of one request to the bus. Default 1 MB. */
  readonly maxBytes?: number | undefined;
  /** How often an entry is sent in one batch. Default 5. */
  readonly attempts?: number;
  /** Batches in which an event is refused before its entity is parked. Default 5. */
  readonly parkAfter?: number;
  readonly backOff: (round: number) => Promise<void>;
  readonly clock: () => Date;
}

export interface PublishOutcome {
  readonly published: number;
  readonly skipped: number;
  readonly parked: number;
  readonly requests: number;
  readonly failures: readonly (EntityFailure & { readonly error: Error })[];
}

export interface Publisher {
  /** @param isTimeUp tells when what is left is better left to the next delivery */
  publish(batches: readonly EntityBatch[], isTimeUp?: () => boolean): Promise<PublishOutcome>;
  /**
   * Publishes on from where a parked entity waits, after a fix. `skip` passes the refused event by. The
   * entity is listed as parked until it has caught up.
   *
   * @throws {NotParkedError}
   */
  retry(entityId: string, skip?: boolean): Promise<PublishOutcome>;
}
