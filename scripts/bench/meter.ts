import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { watchCapacity } from "../../src/operations/dynamodb-capacity.ts";

export interface Cost {
  requests: number;
  read: number;
  write: number;
  operations: string[];
}

/**
 * Counts what a client sends: requests when they are sent, failed ones and the SDK's own retries too, and the capacity
 * units of tables and indexes that the engine reports in its answers.
 */
export class Meter {
  #cost: Cost = { requests: 0, read: 0, write: 0, operations: [] };

  constructor(client: DynamoDBClient) {
    watchCapacity(client, (uses) => {
      for (const { readUnits, writeUnits } of uses) {
        this.#cost.read += readUnits;
        this.#cost.write += writeUnits;
      }
    });
    onEachSend(client, (commandName) => {
      this.#cost.requests += 1;
      this.#cost.operations.push(commandName.replace(/Command$/, ""));
    });
  }

  /** What was used since the last call. */
  take(): Cost {
    const cost = this.#cost;
    this.#cost = { requests: 0, read: 0, write: 0, operations: [] };
    return cost;
  }
}

/** What a client sends, failed requests too, and how many events it reads from a table. */
export function countRequests(client: DynamoDBClient, eventsTable: string): { sent: number; read: number } {
  const count = { sent: 0, read: 0 };
  onEachSend(client, () => {
    count.sent += 1;
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const isRead =
        context.commandName === "QueryCommand" && (args.input as { TableName?: string }).TableName === eventsTable;
      if (isRead) count.read += (result.output as { Items?: unknown[] }).Items?.length ?? 0;
      return result;
    },
    { step: "initialize", name: "countRead" },
  );
  return count;
}

/** A function that says how many requests the client has sent since it was last called. Adds nothing to the requests. */
export function requestCounter(client: DynamoDBClient): () => number {
  let sent = 0;
  onEachSend(client, () => {
    sent += 1;
  });
  return () => {
    const taken = sent;
    sent = 0;
    return taken;
  };
}

/** At the end of the step that holds the SDK's retries, so each of them passes here. */
function onEachSend(client: DynamoDBClient, act: (commandName: string) => void): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      act(String(context.commandName));
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
}
