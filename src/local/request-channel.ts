import { BroadcastChannel } from "node:worker_threads";
import type { CapacityUse } from "../operations/dynamodb-capacity.ts";

/** A request to DynamoDB, as the functions of a local run tell the run of it (`src/lambda/report-requests.ts`). */
export interface ReportedRequest extends CapacityUse {
  /** The function's name. */
  readonly by: string;
}

/** Hears of the requests that the functions make, which run in threads of this process. @returns ends it */
export function hearRequests(channelName: string, hear: (request: ReportedRequest) => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = (message) => {
    for (const request of (message as { readonly data: readonly ReportedRequest[] }).data) hear(request);
  };
  return () => channel.close();
}
