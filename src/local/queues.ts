import { join } from "node:path";
import { LocalQueue, type LocalQueueOptions } from "./queue.ts";
import type { QueueDefinition } from "./service-definition.ts";

interface QueuesOptions extends Pick<LocalQueueOptions, "clock" | "newId"> {
  /** Keeps their messages. Undefined: they end with the process. */
  readonly folder: string | undefined;
}

/** The queues of a service by their logical ids, each with the one that takes its dead letters. */
export function createQueues(
  definitions: readonly QueueDefinition[],
  { folder, clock, newId }: QueuesOptions,
): Map<string, LocalQueue> {
  const queues = new Map<string, LocalQueue>();
  const create = ({ logicalId, name, visibilitySeconds, deadLetter }: QueueDefinition): LocalQueue => {
    const known = queues.get(logicalId);
    if (known) return known;
    const target = deadLetter && definitions.find((other) => other.logicalId === deadLetter.queue);
    const redrive = target && deadLetter && { queue: create(target), maxReceiveCount: deadLetter.maxReceiveCount };
    const path = folder && join(folder, "queues", `${name}.jsonl`);
    const queue = new LocalQueue({ name, visibilitySeconds, deadLetter: redrive, path, clock, newId });
    queues.set(logicalId, queue);
    return queue;
  };
  for (const definition of definitions) create(definition);
  return queues;
}
