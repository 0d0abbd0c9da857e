import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import Database from "libsql";
import { type Engine, endLeftEngine, isAlive, startEngine, tablesFile } from "../../../src/local/engine.ts";
import { openEngineFile } from "../../../src/local/engine-file.ts";
import { portBehindGate, serveEngineGate } from "../../../src/local/engine-gate.ts";
import { freePort } from "../../../src/local/ports.ts";
import { trimStreams } from "../../../src/local/trim-streams.ts";
import { localCredentials as credentials } from "../../support/engine.ts";
import { until } from "../../support/until.ts";

let folder: string;
let engine: Engine;
let client: DynamoDBClient;
let said: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "engine-"));
  said = [];
  engine = await startEngine({ folder, port: await freePort(), log: (line) => said.push(line) });
  client = new DynamoDBClient({ endpoint: engine.endpoint, region: "eu-central-1", credentials });
});
afterEach(async () => {
  client.destroy();
  await engine.stop();
  rmSync(folder, { recursive: true });
});

const TableName = "Things";
async function createThings(): Promise<string> {
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }),
  );
  return String(TableDescription?.LatestStreamArn);
}
const put = (id: string) => client.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
const pid = (): number => JSON.parse(readFileSync(join(folder, "engine.pid"), "utf8")).pid;

/** The ids and sequence numbers that a reader finds after a place. */
async function readStream(StreamArn: string, after?: string): Promise<[id: string | undefined, number: string][]> {
  const streams = new DynamoDBStreamsClient({ endpoint: engine.endpoint, region: "eu-central-1", credentials });
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
  const place =
    after === undefined
      ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
      : ({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after } as const);
  const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ...place }));
  const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator }));
  streams.destroy();
  return Records.map(({ dynamodb }) => [dynamodb?.Keys?.id?.S, String(dynamodb?.SequenceNumber)]);
}

test.each(["SIGKILL", "SIGTERM", "SIGABRT"] as const)(
  "ended by %s it is started again with its data",
  async (signal) => {
    await createThings();
    await put("a");
    const first = pid();
    process.kill(first, signal);
    await until(() => (said.length > 0 ? true : undefined), "the engine to be started again");
    expect(said).toEqual([
      expect.stringMatching(/^the engine ended by itself \(.+\); it was started again with its data$/),
    ]);
    expect(pid()).not.toBe(first);
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: "a" } } }));
    expect(Item).toEqual({ id: { S: "a" } });
  },
);

test("a request that the engine dies of fails alone: what comes through the gate meanwhile waits", async () => {
  await createThings();
  const gate = await serveEngineGate(engine, 0);
  const through = new DynamoDBClient({ endpoint: gate.endpoint, region: "eu-central-1", credentials, maxAttempts: 1 });
  const deadly = new UpdateItemCommand({
    TableName,
    Key: { id: { S: "a" } },
    UpdateExpression: "SET € = :a",
    ExpressionAttributeValues: { ":a": { S: "x" } },
  });
  await expect(through.send(deadly)).rejects.toMatchObject({ name: "InternalServerError" });
  await until(() => (said.length > 0 || !isAlive(pid()) ? true : undefined), "the engine to end");
  await through.send(new PutItemCommand({ TableName, Item: { id: { S: "b" } } }));
  const { Item } = await through.send(new GetItemCommand({ TableName, Key: { id: { S: "b" } } }));
  expect(Item).toEqual({ id: { S: "b" } });
  through.destroy();
  await gate.stop();
});

test("an engine that cannot be started again is given up with the reason", async () => {
  for (const suffix of ["", "-wal", "-shm"]) {
    const file = `${tablesFile(folder)}${suffix}`;
    if (existsSync(file)) writeFileSync(file, "no database".repeat(1_000));
  }
  process.kill(pid(), "SIGKILL");
  expect(await engine.died).toMatch(
    /ended by itself \(SIGKILL\), and cannot be started again: the engine ended at once/,
  );
});

test("the engine of a killed run is ended, and a process that is none is left alone", async () => {
  expect(await endLeftEngine(folder)).toBe(true);
  await until(() => (said.length > 0 ? true : undefined), "the engine to be started again");
  const other = mkdtempSync(join(tmpdir(), "engine-"));
  expect(await endLeftEngine(other)).toBe(false);
  writeFileSync(join(other, "engine.pid"), JSON.stringify({ pid: process.pid, port: await freePort() }));
  expect(await endLeftEngine(other)).toBe(false);
  writeFileSync(join(other, "engine.pid"), "12");
  await expect(endLeftEngine(other)).rejects.toThrow(/engine.pid is damaged/);
  rmSync(other, { recursive: true });
});

test("a port behind the gate is one that browsers and fetch refuse", async () => {
  const port = await portBehindGate();
  const refused = await fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error.cause);
  expect(refused).toMatchObject({ message: "bad port" });
});

test("what all readers have passed is removed, the newest stays, and the numbers go on", async () => {
  const arn = await createThings();
  for (const id of ["a", "b", "c", "d"]) await put(id);
  const numbers = (await readStream(arn)).map(([, number]) => number);
  const reader = (...places: (string | undefined)[]) => ({
    shards: new Map(places.flatMap((place, n) => (place === undefined ? [] : [[`s${n}`, { sequenceNumber: place }]]))),
  });
  const trim = (...readers: ReturnType<typeof reader>[]) => trimStreams(engine.file!, [{ table: TableName, readers }]);
  expect(trim(reader(numbers[2]), reader(undefined))).toBe(0);
  expect(trim(reader(numbers[2], numbers[2]))).toBe(0);
  expect(trim()).toBe(0);
  expect(trim(reader(numbers[2]), reader(numbers[1]))).toBe(2);
  expect(await readStream(arn)).toEqual([
    ["c", numbers[2]],
    ["d", numbers[3]],
  ]);
  expect(trim(reader(numbers[3]), reader(numbers[3]))).toBe(1);
  await put("e");
  const [[, next] = [], ...others] = await readStream(arn, numbers[3]);
  expect(BigInt(next ?? 0) > BigInt(numbers[3] ?? 0)).toBe(true);
  expect(others).toEqual([]);
});

test("more than is removed at once is removed", async () => {
  const arn = await createThings();
  const many = Array.from({ length: 2_500 }, (_, n) => `t-${n}`);
  for (let start = 0; start < many.length; start += 100) await Promise.all(many.slice(start, start + 100).map(put));
  expect(engine.file!.trim(TableName, "9999999999")).toBe(2_499);
  expect(await readStream(arn)).toHaveLength(1);
});

test("the file of another release, or of another schema, is left alone", async () => {
  await createThings();
  expect(openEngineFile(tablesFile(folder), "1.3.0")).toBeUndefined();
  const file = new Database(tablesFile(folder));
  file.exec("UPDATE _config SET value = '10' WHERE key = 'schema_version'");
  file.close();
  expect(openEngineFile(tablesFile(folder), "1.2.1")).toBeUndefined();
});

test("the engine's own look for the next number, and for a reader's records, goes by the index", async () => {
  await createThings();
  const file = new Database(tablesFile(folder));
  const plan = (query: string) => JSON.stringify(file.prepare(`EXPLAIN QUERY PLAN ${query}`).all());
  const greatest =
    "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'T'";
  const next = `SELECT event_name FROM _stream_records WHERE table_name = 'T' AND shard_id = 's'
    AND CAST(sequence_number AS INTEGER) > 7 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 5`;
  expect(plan(greatest)).toContain("_streamfold_greatest");
  expect(plan(next)).toContain("_streamfold_next");
  expect(plan(next)).not.toContain("TEMP B-TREE");
  file.close();
});
