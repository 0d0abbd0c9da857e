/** Lets those who wait go on as soon as there is news. */
export class News {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const goOn of [...this.#waiting]) goOn();
  }

  /** Resolves after the time, with the next news or when the signal aborts, whichever is first. */
  wait = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        this.#waiting.delete(goOn);
        signal.removeEventListener("abort", goOn);
        resolve();
      };
      const timer = setTimeout(goOn, milliseconds);
      this.#waiting.add(goOn);
      signal.addEventListener("abort", goOn);
    });
  };
}
