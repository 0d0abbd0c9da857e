import type { StoredEvent } from "../event-store/index.ts";
import type { Projection } from "./definition.ts";
import type { GenerationKey } from "./dynamodb-read-model-keys.ts";
import type { Poison } from "./fold-events.ts";
import type { Position } from "./position.ts";

/** A projection and the generation of its rows that is written. */
export interface Target<P extends Projection = Projection> {
  readonly projection: P;
  readonly of: GenerationKey;
}

/** What came of writing some events of one entity. */
export type Written =
  | {
      readonly outcome: "written";
      readonly position: Position;
      readonly applied: number;
      readonly poison: Poison | undefined;
    }
  /** Another invocation moved the entity meanwhile: read again and go on from there. */
  | { readonly outcome: "raced" };

export interface WriteRequest {
  readonly before: Position;
  /** The next events of the entity, without a hole, upcast; all of them, also those the projection does not take. */
  readonly events: readonly StoredEvent[];
  /** An event behind `events` that could not be read. */
  readonly unreadable?: Poison | undefined;
}
