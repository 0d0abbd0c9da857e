import { BroadcastChannel } from "node:worker_threads";

/** A request to DynamoDB, as the functions of a local run tell the run of it (`src/lambda/report-requests.ts`). */
export interface ReportedRequest {
  /** The function's name. */
  readonly by: string;
  readonly operation: string;
  readonly table: string;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly isFailed: boolean;
}

/** Hears of the requests that the functions make, which run in threads of this process. @returns ends it */
export function hearRequests(channelName: string, hear: (request: ReportedRequest) => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = (message) => {
    for (const request of (message as { readonly data: readonly ReportedRequest[] }).data) hear(request);
  };
  return () => channel.close();
}
