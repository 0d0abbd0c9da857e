/** One build of a projection's rows. Several stand side by side. */
export interface GenerationKey {
  readonly name: string;
  readonly number: number;
}

export interface Generation {
  readonly generation: number;
  /** The projection's version that its rows are made by. */
  readonly version: number;
  readonly status: "building" | "ready";
  /** ISO 8601. */
  readonly startedAt: string;
  /** Counts the scans that were begun to build or complete it; undefined: one at most. */
  readonly scan?: number;
  /** The last gap in its feeding that its rows make up for (see `Feeding`). */
  readonly gap?: string | undefined;
  /** A scan that completes a generation which missed some events, as long as it is not finished. */
  readonly completing?:
    | { readonly scan: number; readonly gap: string | undefined; readonly startedAt: string }
    | undefined;
}

/** Which builds of a projection stand, and which one is read. All that stand are fed. */
export interface Generations {
  readonly name: string;
  readonly serving: number;
  readonly previous?: number | undefined;
  /** ISO 8601. When `serving` was last changed; undefined: never. */
  readonly servedAt?: string;
  /** Counts the changes of `serving`. */
  readonly swaps?: number;
  readonly all: readonly Generation[];
  /** The highest number that was ever given out. */
  readonly highest?: number | undefined;
  readonly revision: number;
}
