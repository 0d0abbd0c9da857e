import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { watchCapacity } from "./dynamodb-capacity.ts";

export interface Used {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** Counts the requests of a client that succeed, and the capacity units, of tables and indexes, that its answers report. */
export function meter(client: DynamoDBClient): { take(): Used } {
  let used: Used = NOTHING;
  watchCapacity(client, (uses) => {
    if (uses.some(({ isFailed }) => isFailed)) return;
    used = {
      requests: used.requests + 1,
      readUnits: uses.reduce((sum, { readUnits }) => sum + readUnits, used.readUnits),
      writeUnits: uses.reduce((sum, { writeUnits }) => sum + writeUnits, used.writeUnits),
    };
  });
  return {
    take() {
      const taken = used;
      used = NOTHING;
      return taken;
    },
  };
}

const NOTHING: Used = { requests: 0, readUnits: 0, writeUnits: 0 };
