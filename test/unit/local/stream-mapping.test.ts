import { describe, expect, test } from "@jest/globals";
import type { StreamMapping } from "../../../src/local/service-definition.ts";
import { type MappingContext, StreamMappingRunner } from "../../../src/local/stream-mapping.ts";

const NOW = new Date("2026-01-01T12:00:00Z");

const mapping: StreamMapping = {
  functionKey: "projector",
  table: "EventsTable",
  batchSize: 10,
  batchWindowSeconds: 0,
  startingPosition: "TRIM_HORIZON",
  reportsBatchItemFailures: true,
  bisects: true,
  maxRetries: 2,
  maxAgeSeconds: -1,
  onFailure: "Failures",
  filterPatterns: [],
  isEnabled: true,
};

const record = (n: number, more: object = {}) => ({
  eventName: "INSERT" as const,
  dynamodb: { SequenceNumber: String(n), ApproximateCreationDateTime: NOW, ...more },
});

interface Given {
  readonly Records: readonly { readonly dynamodb: { readonly SequenceNumber: string } }[];
}
type Answer = { batchItemFailures: { itemIdentifier: string }[] } | undefined;

/** Delivers records 1..count; answers with what each invocation saw and what was given up. */
async function deliver(
  count: number,
  act: (numbers: number[], call: number) => Answer,
  change: Partial<StreamMapping> = {},
  records = Array.from({ length: count }, (_, n) => record(n + 1)),
) {
  const calls: number[][] = [];
  const givenUp: { requestContext: { condition: string }; payload: Given }[] = [];
  const context: MappingContext = {
    invoke: async (_key, event) => {
      const numbers = (event as Given).Records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));
      calls.push(numbers);
      return act(numbers, calls.length);
    },
    streamArn: "arn",
    region: "eu-central-1",
    clock: () => NOW,
    backOff: async () => undefined,
    giveUp: ({ requestContext }, payload) => void givenUp.push({ requestContext, payload: payload as Given }),
    log: () => undefined,
    signal: new AbortController().signal,
  };
  await new StreamMappingRunner({ ...mapping, ...change }, context).deliver(records as never);
  const lost = givenUp.map(({ requestContext, payload }) => [
    requestContext.condition,
    payload.Records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber)),
  ]);
  return { calls, lost };
}
const fail = (n: number | string): Answer => ({ batchItemFailures: [{ itemIdentifier: String(n) }] });
const boom = () => {
  throw new Error("boom");
};

describe("an event source mapping", () => {
  test("is done when the function answers without failures", async () => {
    expect(await deliver(3, () => undefined)).toEqual({ calls: [[1, 2, 3]], lost: [] });
    expect((await deliver(3, () => ({ batchItemFailures: [] }))).calls).toEqual([[1, 2, 3]]);
  });

  test("retries from the first failed record on, and starts counting anew where it got on", async () => {
    const { calls, lost } = await deliver(4, (_numbers, call) =>
      call === 1 ? fail(3) : call === 2 ? fail(4) : undefined,
    );
    expect(calls).toEqual([[1, 2, 3, 4], [3, 4], [4]]);
    expect(lost).toEqual([]);
  });

  test("takes an empty or unknown identifier as the failure of the whole batch", async () => {
    for (const identifier of ["", "99"]) {
      const { calls } = await deliver(2, (_, call) => (call === 1 ? fail(identifier) : undefined));
      expect(calls).toEqual([
        [1, 2],
        [1, 2],
      ]);
    }
  });

  test("does not read failures where the mapping does not report them", async () => {
    expect((await deliver(2, () => fail(1), { reportsBatchItemFailures: false })).calls).toEqual([[1, 2]]);
  });

  test("halves a batch that throws until the bad record is alone, and gives up that one only", async () => {
    const { calls, lost } = await deliver(4, (numbers) => (numbers.includes(3) ? boom() : undefined));
    expect(lost).toEqual([["RetryAttemptsExhausted", [3]]]);
    expect(calls[0]).toEqual([1, 2, 3, 4]);
    expect(calls).toContainEqual([4]);
    expect(calls).toContainEqual([1, 2]);
  });

  test("gives up after exactly one try and the retries it allows", async () => {
    const { calls, lost } = await deliver(1, boom);
    expect(calls).toHaveLength(3);
    expect(lost).toEqual([["RetryAttemptsExhausted", [1]]]);
    expect((await deliver(2, boom, { bisects: false, maxRetries: 0 })).calls).toHaveLength(1);
  });

  test("drops records that are too old and keeps them at the destination", async () => {
    const old = record(1, { ApproximateCreationDateTime: new Date(NOW.getTime() - 61_000) });
    const { calls, lost } = await deliver(2, () => undefined, { maxAgeSeconds: 60 }, [old, record(2)]);
    expect(calls).toEqual([[2]]);
    expect(lost).toEqual([["RecordAgeExceeded", [1]]]);
  });

  test("passes only what its filters let through", async () => {
    const removal = { ...record(1), eventName: "REMOVE" as const };
    const { calls } = await deliver(2, () => undefined, { filterPatterns: [{ eventName: ["INSERT"] }] }, [
      removal as never,
      record(2),
    ]);
    expect(calls).toEqual([[2]]);
  });
});
