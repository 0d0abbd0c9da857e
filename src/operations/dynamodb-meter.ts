import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

export interface Used {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
}

/** Counts the requests of a client and the capacity units, of tables and indexes, that its answers report. */
export function meter(client: DynamoDBClient): { take(): Used } {
  let used: Used = NOTHING;
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: "TOTAL" };
        const result = await next({ ...args, input: input as typeof args.input });
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
        const units = [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
        const isWrite = WRITES.test(commandName);
        used = {
          requests: used.requests + 1,
          readUnits: used.readUnits + (isWrite ? 0 : units),
          writeUnits: used.writeUnits + (isWrite ? units : 0),
        };
        return result;
      },
    { step: "initialize", name: "meter" },
  );
  return {
    take() {
      const taken = used;
      used = NOTHING;
      return taken;
    },
  };
}

const NOTHING: Used = { requests: 0, readUnits: 0, writeUnits: 0 };
const WRITES = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;
