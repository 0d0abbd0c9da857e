import { BroadcastChannel } from "node:worker_threads";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/**
 * Tells the local run of every request that a client makes, with the capacity units that it took. For a client whose
 * first request is still to come. Nobody but the local run asks for it (`REPORT_REQUESTS`).
 */
export function reportRequests(client: DynamoDBClient, { channel: name, by }: Reporting): void {
  const channel = new BroadcastChannel(name);
  channel.unref();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace(/Command$/, "");
      const tell = (consumed: readonly Consumed[], isFailed: boolean) =>
        channel.postMessage(consumed.map((one) => toReport(one, { by, operation, isFailed })));
      try {
        const input = { ...args.input, ReturnConsumedCapacity: "TOTAL" } as typeof args.input;
        const result = await next({ ...args, input });
        const { ConsumedCapacity = [] } = result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] };
        tell([ConsumedCapacity].flat(), false);
        return result;
      } catch (error) {
        tell([{ TableName: tableOf(args.input), CapacityUnits: 0 }], true);
        throw error;
      }
    },
    { step: "initialize", name: "reportRequests" },
  );
}

export interface Reporting {
  readonly channel: string;
  /** The function's name. */
  readonly by: string;
}

interface Consumed {
  readonly TableName?: string | undefined;
  readonly CapacityUnits?: number | undefined;
}

interface Request {
  readonly by: string;
  readonly operation: string;
  readonly isFailed: boolean;
}

function toReport({ TableName: table = "", CapacityUnits: units = 0 }: Consumed, request: Request) {
  const isWrite = WRITES.test(request.operation);
  return { ...request, table, readUnits: isWrite ? 0 : units, writeUnits: isWrite ? units : 0 };
}

const WRITES = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;

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
