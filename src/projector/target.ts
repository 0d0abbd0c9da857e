import type { Projection } from "../definition/projection.ts";
import type { StoredEvent } from "../event-store/index.ts";
import type { Poison } from "../stream/index.ts";
import type { GenerationKey } from "./generation.ts";
import type { Position } from "./position.ts";

/** A projection and the generation of its rows that is written. */
export interface Target<P extends Projection = Projection> {
  readonly projection: P;
  readonly generation: GenerationKey;
}

/** What came of writing some events of one entity. */
export type Written =
  | {
      readonly outcome: "written";
      readonly position: Position;
      readonly applied: number;
      /** The event behind those that were written, when the code that is called for it failed. */
      readonly poison: Poison | undefined;
    }
  /** Another invocation moved the entity meanwhile: read again and go on from there. */
  | { readonly outcome: "raced" };

export interface WriteRequest {
  readonly before: Position;
  /** The next events of the entity, at least one, without a hole, upcast; also those the projection does not take. */
  readonly events: readonly StoredEvent[];
}
