import type { Lag } from "../stream/index.ts";

/** How far a projection is. Events of its parked entities do not count as waiting. */
export interface ProjectionStatus extends Lag {
  readonly projection: string;
  readonly version: number;
  readonly servingGeneration: number | null;
  readonly generations: readonly { readonly generation: number; readonly version: number; readonly status: string }[];
  /** Parked entities. */
  readonly parked: number;
}
