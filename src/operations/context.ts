import type { ServiceDefinition } from "../definition/index.ts";
import type { EventStore } from "../event-store/index.ts";
import type { Projector } from "../projector/dynamodb/index.ts";
import type { Publisher } from "../publisher/index.ts";
import type { ReadModelTable } from "../stream/index.ts";

/** What operations work with. */
export interface OperationsContext {
  readonly service: ServiceDefinition;
  readonly store: EventStore;
  readonly table: ReadModelTable;
  /** Of all projections of the service, whatever feeds them. */
  readonly projector: Projector;
  readonly publisher: Publisher;
  readonly clock: () => Date;
  /** About how many events there are, for the time that is left. */
  readonly countEvents?: () => Promise<number | undefined>;
  readonly pause: (milliseconds: number) => Promise<void>;
}
