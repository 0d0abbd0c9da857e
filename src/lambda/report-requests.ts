import { BroadcastChannel } from "node:worker_threads";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { watchCapacity } from "../operations/dynamodb-capacity.ts";

export interface Reporting {
  readonly channel: string;
  /** The function's name. */
  readonly by: string;
}

/**
 * Tells the local run of every request that a client makes, with the capacity units that it took. For a client whose
 * first request is still to come. Nobody but the local run asks for it (`REPORT_REQUESTS`).
 */
export function reportRequests(client: DynamoDBClient, { channel: name, by }: Reporting): void {
  const channel = new BroadcastChannel(name);
  channel.unref();
  watchCapacity(client, (uses) => channel.postMessage(uses.map((use) => ({ by, ...use }))));
}
