/** Remembers how far a subscriber has handled each entity of each source. Keys are made by the consumer. */
export interface ConsumerCheckpoints {
  last(key: string): Promise<number>;
  /** False when another invocation has handled the event meanwhile. */
  advance(key: string, sequenceNumber: number): Promise<boolean>;
  /**
   * Keeps other invocations from the key's events until it is released, or the lease has run out. False: another owner
   * has it. Without leases, two invocations at once may handle an event twice, and an older one after a newer one.
   */
  lease?(key: string, owner: string): Promise<boolean>;
  release?(key: string, owner: string): Promise<void>;
}
