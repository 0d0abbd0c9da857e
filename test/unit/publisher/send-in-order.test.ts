import { expect, test } from "@jest/globals";
import { type Outgoing, sendInOrder } from "../../../src/publisher/send-in-order.ts";

const entry = { source: "s", detailType: "d", detail: "{}", resources: ["e"], time: "2026-01-01T00:00:00Z" };
const outgoing = (entityId: string, count: number): Outgoing[] =>
  Array.from({ length: count }, (_, n) => ({
    entityId,
    sequenceNumber: n + 1,
    entry: { ...entry, resources: [entityId, String(n + 1)] },
  }));
const options = { maxBytes: 1_000_000, attempts: 3, backOff: async () => undefined, isTimeUp: () => false };

/** Processor time that a run takes, with a bus that answers at once. */
async function costOf(entries: readonly Outgoing[]): Promise<number> {
  const before = process.cpuUsage();
  await sendInOrder(entries, { ...options, bus: { put: async (all) => all.map(() => undefined) } });
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

test.each([
  ["one entity", (count: number) => outgoing("e", count)],
  ["an entity an entry", (count: number) => Array.from({ length: count }, (_, n) => outgoing(`e-${n}`, 1)).flat()],
])("the work of %s grows with its entries, and not with their square", async (_, make) => {
  await costOf(make(2_000));
  const small = await costOf(make(4_000));
  const large = await costOf(make(32_000));
  expect(large / small).toBeLessThan(24);
});

test("a request holds one entry of an entity, and never one behind another that was refused", async () => {
  const refusals = new Map([["a 2", 2]]);
  const log: string[][] = [];
  const bus = {
    put: async (all: readonly { resources: readonly string[] }[]) => {
      const names = all.map(({ resources }) => resources.join(" "));
      log.push(names);
      return names.map((name) => {
        const left = refusals.get(name) ?? 0;
        refusals.set(name, left - 1);
        return left > 0 ? { code: "InvalidArgument", message: "no" } : undefined;
      });
    },
  };
  const { sent, failures, requests } = await sendInOrder([...outgoing("a", 3), ...outgoing("b", 5)], {
    ...options,
    bus,
  });
  expect([...sent]).toEqual([
    ["a", 3],
    ["b", 5],
  ]);
  expect(failures.size).toBe(0);
  expect(requests).toBe(log.length);
  for (const names of log) expect(new Set(names.map((name) => name.split(" ")[0])).size).toBe(names.length);
  expect(log.flat().filter((name) => name.startsWith("a"))).toEqual(["a 1", "a 2", "a 2", "a 2", "a 3"]);
});

test("when the time is up every entity is left at its next entry", async () => {
  let requests = 0;
  const bus = {
    put: async (all: readonly unknown[]) => {
      requests += 1;
      return all.map(() => undefined);
    },
  };
  const isTimeUp = () => requests >= 2;
  const { sent, failures } = await sendInOrder([...outgoing("a", 5), ...outgoing("b", 2)], {
    ...options,
    bus,
    isTimeUp,
  });
  expect(sent.get("a")).toBe(2);
  expect(failures.get("a")).toMatchObject({ fromSequence: 3, isRefused: false });
  expect(failures.has("b")).toBe(false);
});

test("what is throttled for its load goes out together again", async () => {
  let requests = 0;
  const bus = {
    put: async (all: readonly unknown[]) => {
      requests += 1;
      return all.map(() => (requests === 1 ? { code: "ThrottlingException", message: "slow down" } : undefined));
    },
  };
  const entries = Array.from({ length: 10 }, (_, n) => outgoing(`e-${n}`, 1)).flat();
  const { sent, requests: told } = await sendInOrder(entries, { ...options, bus });
  expect([sent.size, told, requests]).toEqual([10, 2, 2]);
});

test("requests go out some at a time, an entity has an entry in one of them, and its order stays", async () => {
  const taken = new Map<string, number[]>();
  const underWay = new Set<string>();
  let requests = 0;
  let most = 0;
  let seed = 7;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const bus = {
    put: async (all: readonly { resources: readonly string[] }[]) => {
      const ids = all.map(({ resources: [id = ""] }) => id);
      expect(ids.filter((id) => underWay.has(id))).toEqual([]);
      for (const id of ids) underWay.add(id);
      requests += 1;
      most = Math.max(most, requests);
      await new Promise((resolve) => setTimeout(resolve, random() * 3));
      requests -= 1;
      for (const id of ids) underWay.delete(id);
      return all.map(({ resources: [id = "", number] }) => {
        if (random() < 0.1) return { code: "ThrottlingException", message: "slow" };
        taken.set(id, [...(taken.get(id) ?? []), Number(number)]);
        return undefined;
      });
    },
  };
  const ids = Array.from({ length: 95 }, (_, n) => `e-${n}`);
  const entries = ids.flatMap((id) => outgoing(id, 8));
  const { sent, failures } = await sendInOrder(entries, { ...options, attempts: 20, bus });
  expect(failures.size).toBe(0);
  expect([...sent.values()]).toEqual(ids.map(() => 8));
  for (const id of ids) expect(taken.get(id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(8);
});
