import type { StoredEvent } from "../event-store/index.ts";

/** What came of a command. */
export interface CommandResult<State> {
  readonly version: number;
  /** The state at `version`, frozen. */
  readonly state: State;
  /** What was stored, by the first time if this is a repeat; empty when nothing changed. */
  readonly events: readonly StoredEvent[];
  readonly repeated: boolean;
}
