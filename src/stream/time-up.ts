/** The function's time is nearly over: what is left is delivered again. No event is at fault. */
export class TimeUpError extends Error {
  readonly code = "TIME_UP";
  constructor() {
    super("the time is up; the rest is left to the next delivery");
    this.name = "TimeUpError";
  }
}
