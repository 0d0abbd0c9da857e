/** What came of a command that stored nothing: the rules refused it, or nothing changed. */
export interface CommandOutcome {
  readonly entityId: string;
  readonly commandId: string;
  /** A digest of the command: the same id with another one is another command. */
  readonly commandHash: string;
  /** The entity's version at which it was decided. */
  readonly version: number;
  readonly rejection?: {
    readonly reason: string;
    readonly message: string;
    /** Default "refused". */
    readonly kind?: "unknown" | "refused";
  };
}

/** Milliseconds for which the outcome of a command that stored nothing is remembered. */
export const OUTCOME_KEPT_MS = 24 * 60 * 60 * 1000;
