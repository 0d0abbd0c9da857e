import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** What a request used of one table and its indexes. */
export interface CapacityUse {
  /** `PutItem` */
  readonly operation: string;
  readonly table: string;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly isFailed: boolean;
}

/** Asks of every request of a client what it used, and tells it: an entry for each table. Before the client's first request. */
export function watchCapacity(client: DynamoDBClient, tell: (uses: readonly CapacityUse[]) => void): void {
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/, "");
        const input = { ...args.input, ReturnConsumedCapacity: "TOTAL" } as typeof args.input;
        const result = await next({ ...args, input }).catch((error: unknown) => {
          tell([{ operation, table: tableOf(args.input), readUnits: 0, writeUnits: 0, isFailed: true }]);
          throw error;
        });
        const { ConsumedCapacity = [] } = result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] };
        tell([ConsumedCapacity].flat().map((one) => useOf(operation, one)));
        return result;
      },
    { step: "initialize", name: "watchCapacity" },
  );
}

interface Consumed {
  readonly TableName?: string | undefined;
  readonly CapacityUnits?: number | undefined;
}

const WRITES = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;

function useOf(operation: string, { TableName: table = "", CapacityUnits: units = 0 }: Consumed): CapacityUse {
  const isWrite = WRITES.test(operation);
  return { operation, table, readUnits: isWrite ? 0 : units, writeUnits: isWrite ? units : 0, isFailed: false };
}

/** Of requests to several tables the first one's. */
function tableOf(input: object): string {
  const { TableName, RequestItems, TransactItems } = input as {
    readonly TableName?: string;
    readonly RequestItems?: object;
    readonly TransactItems?: readonly Record<string, { readonly TableName?: string }>[];
  };
  const [step] = TransactItems ?? [];
  return TableName ?? Object.keys(RequestItems ?? {})[0] ?? Object.values(step ?? {})[0]?.TableName ?? "";
}
