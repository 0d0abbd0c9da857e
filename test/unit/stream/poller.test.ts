import { describe, expect, test } from "@jest/globals";
import { pollStream, type ShardPosition } from "../../../src/stream/index.ts";

interface ScriptedShard {
  readonly parent?: string;
  readonly records: readonly string[];
  readonly isClosed?: boolean;
  /** Listed after so many looks. */
  readonly appears?: number;
}

const named = (name: string) => Object.assign(new Error(name), { name });

/** A stream that answers as a script says, with iterators of one use. */
class ScriptedStream {
  readonly shards: Record<string, ScriptedShard>;
  readonly faults: { operation: string; name: string; times: number }[];
  looks = 0;
  readonly opened: string[] = [];

  constructor(
    shards: Record<string, ScriptedShard>,
    faults: { operation: string; name: string; times: number }[] = [],
  ) {
    this.shards = shards;
    this.faults = faults;
  }

  send = async (command: { constructor: { name: string }; input: Record<string, unknown> }): Promise<unknown> => {
    const operation = command.constructor.name.replace("Command", "");
    const fault = this.faults.find((one) => one.operation === operation && one.times > 0);
    if (fault) {
      fault.times -= 1;
      throw named(fault.name);
    }
    return (this as unknown as Record<string, (input: Record<string, unknown>) => unknown>)[operation]!(command.input);
  };

  DescribeStream({ ExclusiveStartShardId: after }: Record<string, unknown>) {
    if (after === undefined) this.looks += 1;
    const listed = Object.entries(this.shards).filter(([, { appears = 0 }]) => appears < this.looks);
    const start = after === undefined ? 0 : listed.findIndex(([id]) => id === after) + 1;
    const page = listed.slice(start, start + 2);
    const last = start + 2 < listed.length ? page.at(-1)?.[0] : undefined;
    return {
      StreamDescription: {
        Shards: page.map(([ShardId, { parent }]) => ({ ShardId, ParentShardId: parent })),
        LastEvaluatedShardId: last,
      },
    };
  }

  GetShardIterator({ ShardId, ShardIteratorType, SequenceNumber }: Record<string, unknown>) {
    this.opened.push(`${ShardId} ${ShardIteratorType}${SequenceNumber ? ` ${SequenceNumber}` : ""}`);
    const { records } = this.shards[String(ShardId)]!;
    const place = SequenceNumber
      ? records.indexOf(String(SequenceNumber)) + 1
      : ShardIteratorType === "LATEST"
        ? records.length
        : 0;
    return { ShardIterator: `${ShardId}/${place}` };
  }

  GetRecords({ ShardIterator, Limit }: Record<string, unknown>) {
    const [shardId = "", place = "0"] = String(ShardIterator).split("/");
    const { records, isClosed } = this.shards[shardId]!;
    const end = Math.min(records.length, Number(place) + Number(Limit));
    const Records = records.slice(Number(place), end).map((SequenceNumber) => ({ dynamodb: { SequenceNumber } }));
    const hasEnded = isClosed && end === records.length;
    return { Records, ...(hasEnded ? {} : { NextShardIterator: `${shardId}/${end}` }) };
  }
}

async function poll(
  stream: ScriptedStream,
  wanted: number,
  saved = new Map<string, ShardPosition>(),
  more: object = {},
) {
  const seen: string[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), wanted === 99 ? 12_000 : 4_000);
  const end = pollStream({
    client: stream as never,
    streamArn: "arn",
    startingPosition: "TRIM_HORIZON",
    progress: {
      load: async () => new Map(saved),
      save: async (shardId, position) => void saved.set(shardId, position),
    },
    handle: async (records) => {
      seen.push(...records.map(({ dynamodb }) => String(dynamodb?.SequenceNumber)));
      if (seen.length >= wanted) setTimeout(() => stop.abort(), 30);
    },
    batchSize: 2,
    idleMs: 2,
    discoverMs: 10,
    clock: () => new Date(),
    signal: stop.signal,
    log: () => undefined,
    ...more,
  });
  const result = await end.then(
    () => undefined,
    (error: unknown) => error,
  );
  clearTimeout(timer);
  return { seen, saved, error: result };
}

describe("the poller", () => {
  test("reads a parent to its end before its children, through splits", async () => {
    const stream = new ScriptedStream({
      root: { records: ["1", "2", "3"], isClosed: true },
      left: { parent: "root", records: ["4", "6"], isClosed: true },
      right: { parent: "root", records: ["5"], isClosed: true },
      leaf: { parent: "left", records: ["7"] },
      alone: { parent: "trimmed-long-ago", records: ["8"] },
    });
    const { seen, saved } = await poll(stream, 8);
    expect([...seen].sort()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    for (const [before, after] of [
      ["3", "4"],
      ["3", "5"],
      ["6", "7"],
    ])
      expect(seen.indexOf(before!)).toBeLessThan(seen.indexOf(after!));
    expect(saved.get("root")).toBe("ended");
    expect(saved.get("leaf")).toEqual({ sequenceNumber: "7" });
  });

  test("finds shards that appear later, and begins them at their start even under LATEST", async () => {
    const stream = new ScriptedStream({ old: { records: ["1", "2"] }, new: { records: ["3", "4"], appears: 2 } });
    const { seen } = await poll(stream, 2, new Map(), { startingPosition: "LATEST" });
    expect(seen).toEqual(["3", "4"]);
    expect(stream.opened).toEqual(["old LATEST", "new TRIM_HORIZON"]);
  });

  test("goes on where it was, and reads an ended shard no more", async () => {
    const saved = new Map<string, ShardPosition>([
      ["root", "ended"],
      ["leaf", { sequenceNumber: "4" }],
    ]);
    const stream = new ScriptedStream({
      root: { records: ["1"], isClosed: true },
      leaf: { parent: "root", records: ["3", "4", "5"] },
    });
    expect((await poll(stream, 1, saved)).seen).toEqual(["5"]);
    expect(stream.opened).toEqual(["leaf AFTER_SEQUENCE_NUMBER 4"]);
  });

  test("renews an iterator that expired, and backs off when throttled", async () => {
    const faults = [
      { operation: "GetRecords", name: "ExpiredIteratorException", times: 1 },
      { operation: "GetRecords", name: "LimitExceededException", times: 3 },
      { operation: "DescribeStream", name: "LimitExceededException", times: 2 },
    ];
    const { seen, error } = await poll(new ScriptedStream({ only: { records: ["1", "2", "3"] } }, faults), 3);
    expect([seen, error]).toEqual([["1", "2", "3"], undefined]);
  });

  test("starts from the oldest record when its place was trimmed", async () => {
    const stream = new ScriptedStream({ only: { records: ["8", "9"] } }, [
      { operation: "GetShardIterator", name: "TrimmedDataAccessException", times: 1 },
    ]);
    expect((await poll(stream, 2, new Map([["only", { sequenceNumber: "1" }]]))).seen).toEqual(["8", "9"]);
  });

  test("saves no progress for a batch that was not done with", async () => {
    const saved = new Map<string, ShardPosition>();
    const handle = async () => {
      throw new Error("handler gone");
    };
    const { error } = await poll(new ScriptedStream({ only: { records: ["1"] } }), 1, saved, { handle });
    expect(error).toMatchObject({ message: "handler gone" });
    expect(saved.size).toBe(0);
  });

  test("goes on with the other shards when the stream forgets one, before it is opened and while it is read", async () => {
    for (const operation of ["GetShardIterator", "GetRecords"]) {
      const stream = new ScriptedStream({ old: { records: ["1", "2"] }, other: { records: ["8", "9"] } });
      const send = stream.send;
      stream.send = async (command) => {
        const { ShardId, ShardIterator } = command.input as { ShardId?: string; ShardIterator?: string };
        const isOld = ShardId === "old" || ShardIterator?.startsWith("old");
        if (isOld && command.constructor.name === `${operation}Command`) throw named("ResourceNotFoundException");
        return send(command);
      };
      const { seen, saved, error } = await poll(stream, 2);
      expect([seen, error, saved.get("old")]).toEqual([["8", "9"], undefined, "ended"]);
    }
  });

  test("reads children of a shard that was forgotten", async () => {
    const stream = new ScriptedStream(
      { parent: { records: ["1"], isClosed: true }, child: { parent: "parent", records: ["2"] } },
      [{ operation: "GetShardIterator", name: "ResourceNotFoundException", times: 1 }],
    );
    expect((await poll(stream, 1)).seen).toEqual(["2"]);
  });

  test("begins at the newest record of the open shards under LATEST, and not with what was closed before", async () => {
    const stream = new ScriptedStream({
      grandparent: { records: ["1"], isClosed: true },
      parent: { parent: "grandparent", records: ["2", "3"], isClosed: true },
      child: { parent: "parent", records: ["4", "5"] },
      later: { parent: "child", records: ["6", "7"], appears: 3 },
    });
    stream.shards.child = { ...stream.shards.child!, isClosed: true };
    const { seen } = await poll(stream, 2, new Map(), { startingPosition: "LATEST" });
    expect(seen).toEqual(["6", "7"]);
    expect(stream.opened).toEqual(["child LATEST", "later TRIM_HORIZON"]);
  });

  test("loses nothing when a shard is opened again under LATEST before its first record", async () => {
    const stream = new ScriptedStream({ only: { records: ["1", "2"] } }, []);
    const send = stream.send;
    let reads = 0;
    stream.send = async (command) => {
      if (command.constructor.name === "GetRecordsCommand") reads += 1;
      if (command.constructor.name === "GetRecordsCommand" && reads === 2) {
        stream.shards.only = { records: ["1", "2", "3", "4"] };
        throw named("ExpiredIteratorException");
      }
      const answer = (await send(command)) as { Records?: { dynamodb: object }[] };
      const at = (number: string) => new Date(Date.now() + (Number(number) > 2 ? 60_000 : -60_000));
      for (const { dynamodb } of answer.Records ?? [])
        Object.assign(dynamodb, {
          ApproximateCreationDateTime: at((dynamodb as { SequenceNumber: string }).SequenceNumber),
        });
      return answer;
    };
    const { seen } = await poll(stream, 2, new Map(), { startingPosition: "LATEST" });
    expect(seen).toEqual(["3", "4"]);
  });

  test("still begins at the newest record when the first look was refused", async () => {
    const stream = new ScriptedStream({ only: { records: ["1", "2"] } }, [
      { operation: "DescribeStream", name: "ThrottlingException", times: 10 },
    ]);
    const { seen } = await poll(stream, 99, new Map(), { startingPosition: "LATEST" });
    expect(seen).toEqual([]);
    expect(stream.opened).toEqual(["only LATEST"]);
  }, 20_000);

  test("after a restart under LATEST begins what it has not begun yet at its start, and leaves out what is behind it", async () => {
    const saved = new Map<string, ShardPosition>([
      ["parent", "ended"],
      ["left", { sequenceNumber: "3" }],
    ]);
    const stream = new ScriptedStream({
      root: { records: ["1"], isClosed: true },
      parent: { parent: "root", records: ["2"], isClosed: true },
      left: { parent: "parent", records: ["3", "4"] },
      right: { parent: "parent", records: ["5"] },
    });
    const { seen } = await poll(stream, 2, saved, { startingPosition: "LATEST" });
    expect([...seen].sort()).toEqual(["4", "5"]);
  });
});
