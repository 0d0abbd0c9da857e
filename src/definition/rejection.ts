/** The rules said no. Nothing was stored, and asking again gives the same answer until the state changes. */
export class Rejection extends Error {
  readonly code = "REJECTED";
  constructor(
    /** Which rule, for programs: `product-discontinued`. */
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "Rejection";
  }
}

export const isRejection = (error: unknown): error is Rejection =>
  error instanceof Error && "code" in error && error.code === "REJECTED";
