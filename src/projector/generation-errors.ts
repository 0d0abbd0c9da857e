import type { Generation } from "./generation.ts";

/** The rebuild is not finished: some entities are parked in the new generation, so it is not served. */
export class RebuildIncompleteError extends Error {
  readonly code = "REBUILD_INCOMPLETE";
  constructor(
    readonly projection: string,
    readonly generation: number,
    readonly parked: readonly string[],
  ) {
    super(
      `${projection}@${generation}: ${parked.length} parked (${parked.slice(0, 5).join(", ")}); fix, retry them and rebuild again`,
    );
    this.name = "RebuildIncompleteError";
  }
}

/** Somebody dropped the generation, or served another one, while it was built. Nothing was changed by this rebuild. */
export class RebuildOvertakenError extends Error {
  readonly code = "REBUILD_OVERTAKEN";
  constructor(
    readonly projection: string,
    readonly generation: number,
    reason: string,
  ) {
    super(`${projection}@${generation} is not served: ${reason}`);
    this.name = "RebuildOvertakenError";
  }
}

/** Live events did not flow into the generation for a while, so it lacks some. */
export class GenerationNotFedError extends Error {
  readonly code = "GENERATION_NOT_FED";
  readonly generation: number;
  constructor(
    readonly projection: string,
    { generation, version }: Generation,
    { gap, own }: { readonly gap: string | undefined; readonly own: number },
  ) {
    const advice =
      version === own
        ? "catch up first (rollback with catchUp, on the command line --catch-up)"
        : `deploy the code of version ${version} and catch up with it, or rebuild`;
    super(
      `${projection}@${generation} was not fed at ${gap ?? "some time"}: code without its version ${version} ran, so it lacks events; ${advice}`,
    );
    this.name = "GenerationNotFedError";
    this.generation = generation;
  }
}

/** What was asked for is not possible with the generations that there are. */
export class GenerationRefusedError extends Error {
  readonly code = "GENERATION_REFUSED";
  constructor(
    readonly projection: string,
    reason: string,
  ) {
    super(`${projection}: ${reason}`);
    this.name = "GenerationRefusedError";
  }
}
