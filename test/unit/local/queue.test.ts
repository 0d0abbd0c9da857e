import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { LocalQueue } from "../../../src/local/queue.ts";
import { deliverOnce } from "../../../src/local/queue-mapping.ts";
import type { QueueMapping } from "../../../src/local/service-definition.ts";

function setUp(path?: string) {
  let now = 0;
  let ids = 0;
  const clock = () => new Date(now);
  const shared = { clock, newId: () => `m-${++ids}`, visibilitySeconds: 30 };
  const dead = new LocalQueue({ ...shared, name: "Dead" });
  const queue = new LocalQueue({ ...shared, name: "Work", path, deadLetter: { queue: dead, maxReceiveCount: 2 } });
  return { queue, dead, pass: (seconds: number) => (now += seconds * 1_000) };
}
const bodies = (messages: readonly { body: string }[]) => messages.map(({ body }) => body);
const mapping: QueueMapping = {
  functionKey: "worker",
  queue: "Work",
  batchSize: 10,
  batchWindowSeconds: 0,
  reportsBatchItemFailures: true,
  isEnabled: true,
};

test("a message that is not deleted shows up again after the visibility timeout, then moves to the dead letters", () => {
  const { queue, dead, pass } = setUp();
  queue.send("a", { why: "x" });
  expect(bodies(queue.receive(10))).toEqual(["a"]);
  expect(queue.receive(10)).toEqual([]);
  pass(31);
  expect(queue.receive(10)).toMatchObject([{ body: "a", receiveCount: 2 }]);
  pass(31);
  expect(queue.receive(10)).toEqual([]);
  expect(dead.messages).toMatchObject([{ body: "a", attributes: { why: "x" } }]);
});

test("messages outlive a kill", () => {
  const folder = mkdtempSync(join(tmpdir(), "queue-"));
  const path = join(folder, "Work.jsonl");
  const first = setUp(path);
  for (const body of ["a", "b"]) first.queue.send(body);
  first.queue.delete(first.queue.receive(1)[0]!.id);
  expect(bodies(setUp(path).queue.messages)).toEqual(["b"]);
  rmSync(folder, { recursive: true });
});

test("a function deletes what it does not fail; when it throws, everything comes again", async () => {
  const { queue, pass } = setUp();
  for (const body of ["a", "b", "c"]) queue.send(body);
  const context = (invoke: (event: unknown) => Promise<unknown>) => ({
    invoke: (_: string, event: unknown) => invoke(event),
    queue,
    region: "x",
    log: () => undefined,
    signal: new AbortController().signal,
    rest: async () => undefined,
  });
  await deliverOnce(
    mapping,
    context(async (event) => ({
      batchItemFailures: [{ itemIdentifier: (event as { Records: { messageId: string }[] }).Records[1]!.messageId }],
    })),
  );
  expect(bodies(queue.messages)).toEqual(["b"]);
  pass(31);
  await deliverOnce(
    mapping,
    context(async () => Promise.reject(new Error("boom"))),
  );
  expect(bodies(queue.messages)).toEqual(["b"]);
});
