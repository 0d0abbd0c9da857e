/**
 * Serializes the concurrent commands of one entity within this process, so that they do
 * not conflict with each other in the table. Other processes are not waited for: the conditional
 * write decides between them.
 */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(entityId: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(entityId) ?? Promise.resolve();
    const turn = before.then(act, act);
    this.#last.set(entityId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(entityId) === turn) this.#last.delete(entityId);
    }
  }
}
