import type { AttributeValue, BatchWriteItemCommandInput } from "@aws-sdk/client-dynamodb";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { SharedPuts } from "../../../src/projector/dynamodb/shared-puts.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { newEntity } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

type Item = Record<string, AttributeValue>;
const itemsOf = (owner: string, count: number): Item[] =>
  Array.from({ length: count }, (_, n) => ({ pk: { S: owner }, sk: { S: `${n}` }, n: { N: `${n}` } }));

function open() {
  const client = engine.connect({ maxAttempts: 1 });
  return { client, puts: new SharedPuts({ client: documents(client), name: READ_MODELS }) };
}

async function storedOf(owner: string, count: number): Promise<number> {
  const found = await Promise.all(
    itemsOf(owner, count).map(({ pk, sk }) =>
      engine.client.send(
        new GetItemCommand({ TableName: READ_MODELS, Key: { pk: pk as never, sk: sk as never }, ConsistentRead: true }),
      ),
    ),
  );
  return found.filter(({ Item }) => Item).length;
}

test("thirty owners of five items share six requests; none has to have any", async () => {
  const { client, puts } = open();
  const meter = new Meter(client);
  const owners = Array.from({ length: 30 }, () => newEntity("owner"));
  await Promise.all([...owners.map((owner) => puts.put(itemsOf(owner, 5))), puts.put([])]);
  expect(meter.take().requests).toBe(6);
  expect(await Promise.all(owners.map((owner) => storedOf(owner, 5)))).toEqual(owners.map(() => 5));
});

test("an item that the table refuses fails its owner and no other, also where a request holds several", async () => {
  const { puts } = open();
  const [good, bad, other] = [newEntity("good"), newEntity("bad"), newEntity("other")];
  const refused = [...itemsOf(bad, 2), { pk: { S: bad }, sk: { S: "" } }];
  const outcomes = await Promise.allSettled([
    puts.put(itemsOf(good, 4)),
    puts.put(refused),
    puts.put(itemsOf(other, 30)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { name: "ValidationException" } });
  expect([await storedOf(good, 4), await storedOf(other, 30)]).toEqual([4, 30]);
});

test("what the table does not take is sent again, for those whose items it is", async () => {
  const { client, puts } = open();
  const [slow, quick] = [newEntity("slow"), newEntity("quick")];
  let rounds = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const input = args.input as BatchWriteItemCommandInput;
      const writes = Object.values(input.RequestItems ?? {})[0] ?? [];
      const isSlow = ({ PutRequest }: (typeof writes)[number]) => PutRequest?.Item?.pk?.S === slow;
      rounds += 1;
      if (rounds > 2) return next(args);
      const left = writes.filter(isSlow);
      const rest = writes.filter((one) => !isSlow(one));
      if (rest.length === 0)
        return { output: { UnprocessedItems: { [READ_MODELS]: left }, $metadata: {} }, response: {} } as never;
      const answer = await next({ ...args, input: { ...input, RequestItems: { [READ_MODELS]: rest } } as never });
      return { ...answer, output: { ...answer.output, UnprocessedItems: { [READ_MODELS]: left } } as never };
    },
    { step: "initialize", name: "takes-part" },
  );
  await Promise.all([puts.put(itemsOf(slow, 3)), puts.put(itemsOf(quick, 3))]);
  expect([await storedOf(slow, 3), await storedOf(quick, 3)]).toEqual([3, 3]);
  expect(rounds).toBe(3);
});

test("items of others do not wait for a batch that the table keeps refusing", async () => {
  const { client, puts } = open();
  const [slow, quick] = [newEntity("slow"), newEntity("quick")];
  let isOver = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const { RequestItems = {} } = args.input as BatchWriteItemCommandInput;
      const isSlow = Object.values(RequestItems)[0]?.some(({ PutRequest }) => PutRequest?.Item?.pk?.S === slow);
      if (isSlow && !isOver)
        return { output: { UnprocessedItems: RequestItems, $metadata: {} }, response: {} } as never;
      return next(args);
    },
    { step: "initialize", name: "keeps-refusing" },
  );
  const waiting = puts.put(itemsOf(slow, 3));
  await new Promise((resolve) => setImmediate(resolve));
  await puts.put(itemsOf(quick, 3));
  expect([await storedOf(slow, 3), await storedOf(quick, 3)]).toEqual([0, 3]);
  isOver = true;
  await waiting;
  expect(await storedOf(slow, 3)).toBe(3);
});

test("a table that does not answer fails all, and the next ones are sent again", async () => {
  const { client, puts } = open();
  let isDenied = true;
  injectFaults(client, () => (isDenied ? "denied" : undefined));
  const [a, b] = [newEntity("a"), newEntity("b")];
  const outcomes = await Promise.allSettled([puts.put(itemsOf(a, 2)), puts.put(itemsOf(b, 40))]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  isDenied = false;
  await Promise.all([puts.put(itemsOf(a, 2)), puts.put(itemsOf(b, 40))]);
  expect([await storedOf(a, 2), await storedOf(b, 40)]).toEqual([2, 40]);
});
