import { randomBytes } from "node:crypto";
import type { EntityFailure } from "../stream/index.ts";

/** One piece of work on events, some of them out of traced requests. */
export interface Work {
  readonly name: string;
  readonly start: Date;
  readonly end: Date;
  readonly events: readonly Traced[];
  readonly failures: readonly EntityFailure[];
}

/** "AWS X-Ray segment documents": a document of 64 KB at most, times in seconds. */
export interface Segment {
  readonly name: string;
  readonly id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly start_time: number;
  readonly end_time: number;
  readonly fault: boolean;
  readonly annotations: { readonly entityId: string; readonly sequenceNumber: number };
}

/**
 * Puts the work into the traces of the requests that stored its events. The table stream does not carry
 * a trace from the one to the other; the events do. A segment that X-Ray does not take is lost, and
 * nothing else: the work is done.
 */
export async function traceWork(work: Work, onLoss: (error: unknown) => void): Promise<void> {
  const segments = segmentsOf(work, newSegmentId);
  if (segments.length > 0) await send(segments).catch(onLoss);
}

const newSegmentId = (): string => randomBytes(8).toString("hex");

/** Documents of one PutTraceSegments request. */
const BATCH = 25;

let client: import("@aws-sdk/client-xray").XRayClient | undefined;

/**
 * Straight to X-Ray: the daemon beside a function runs only where the invocation itself is sampled,
 * and a batch of the table stream is sampled by itself, whatever its events are.
 */
async function send(segments: readonly Segment[]): Promise<void> {
  const { PutTraceSegmentsCommand, XRayClient } = await import("@aws-sdk/client-xray");
  client ??= new XRayClient({
    maxAttempts: 2,
    requestHandler: { requestTimeout: 1_000, throwOnRequestTimeout: true, connectionTimeout: 500 },
  });
  for (let start = 0; start < segments.length; start += BATCH) {
    const TraceSegmentDocuments = segments.slice(start, start + BATCH).map((segment) => JSON.stringify(segment));
    const { UnprocessedTraceSegments } = await client.send(new PutTraceSegmentsCommand({ TraceSegmentDocuments }));
    const [lost] = UnprocessedTraceSegments ?? [];
    if (lost) throw new Error(`${UnprocessedTraceSegments?.length} of them: ${lost.ErrorCode}: ${lost.Message}`);
  }
}

interface Traced {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly traceHeader?: string;
}

/** One segment for each event that has a trace: the work shows up below the request that stored the event. */
export function segmentsOf({ name, start, end, events, failures }: Work, newId: () => string): Segment[] {
  return events.flatMap(({ entityId, sequenceNumber, traceHeader = "" }) => {
    const { root, parent } = HEADER.exec(traceHeader)?.groups ?? {};
    if (root === undefined || parent === undefined) return [];
    const fault = failures.some((one) => one.entityId === entityId && sequenceNumber >= one.fromSequence);
    return {
      name,
      id: newId(),
      trace_id: root,
      parent_id: parent,
      start_time: start.getTime() / 1000,
      end_time: end.getTime() / 1000,
      fault,
      annotations: { entityId, sequenceNumber },
    };
  });
}

/** X-Ray's header: "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1". */
const HEADER = /^Root=(?<root>1-[0-9a-f]{8}-[0-9a-f]{24});Parent=(?<parent>[0-9a-f]{16});Sampled=1/;

/** The trace of the invocation at hand, as Lambda's runtime tells it; undefined when it is not sampled. */
export function currentTraceHeader(): string | undefined {
  const header = process.env._X_AMZN_TRACE_ID;
  return header !== undefined && HEADER.test(header) ? header : undefined;
}
