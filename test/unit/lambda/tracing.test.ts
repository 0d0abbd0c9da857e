import { expect, test } from "@jest/globals";
import { segmentsOf, type Work } from "../../../src/lambda/tracing.ts";

const header = (root: string) => `Root=1-67891233-${root.padEnd(24, "0")};Parent=463ac35c9f6413ad;Sampled=1`;
const work: Work = {
  name: "projector",
  start: new Date("2026-01-01T00:00:00.250Z"),
  end: new Date("2026-01-01T00:00:01.500Z"),
  events: [
    { entityId: "a", sequenceNumber: 1, traceHeader: header("a1") },
    { entityId: "a", sequenceNumber: 2, traceHeader: header("a2") },
    { entityId: "b", sequenceNumber: 1 },
    { entityId: "c", sequenceNumber: 1, traceHeader: "Root=nonsense" },
  ],
  failures: [{ entityId: "a", fromSequence: 2 }],
};

test("each traced event has its segment, with times in seconds; what failed is a fault", () => {
  let ids = 0;
  const segments = segmentsOf(work, () => `id-${++ids}`);
  const shared = {
    name: "projector",
    parent_id: "463ac35c9f6413ad",
    start_time: 1767225600.25,
    end_time: 1767225601.5,
  };
  expect(segments).toEqual([
    {
      ...shared,
      id: "id-1",
      trace_id: "1-67891233-a10000000000000000000000",
      fault: false,
      annotations: { entityId: "a", sequenceNumber: 1 },
    },
    {
      ...shared,
      id: "id-2",
      trace_id: "1-67891233-a20000000000000000000000",
      fault: true,
      annotations: { entityId: "a", sequenceNumber: 2 },
    },
  ]);
});
