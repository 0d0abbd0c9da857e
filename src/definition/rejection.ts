/** Why the rules said no: there is no such entity, or what was asked for is not allowed in its state. */
export type RejectionKind = "unknown" | "refused";

/** A business rule rejected the command. Nothing was stored; a retry gives the same result until the state changes. */
export class Rejection extends Error {
  readonly code = "REJECTED";
  constructor(
    /** Which rule, for programs: `product-discontinued`. */
    readonly reason: string,
    message: string,
    /** An unknown entity is answered with 404, anything else with 422. Default "refused". */
    readonly kind: RejectionKind = "refused",
  ) {
    super(message);
    this.name = "Rejection";
  }
}

export const isRejection = (error: unknown): error is Rejection =>
  error instanceof Error && "code" in error && error.code === "REJECTED";
