import { DescribeEventBusCommand, type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { Bus, BusEntry, Refusal } from "./bus.ts";

/** @throws {UnknownBusError} */
export async function checkBusExists(client: EventBridgeClient, busName: string): Promise<void> {
  try {
    await client.send(new DescribeEventBusCommand({ Name: busName }));
  } catch (cause) {
    if (cause instanceof Error && cause.name === "ResourceNotFoundException")
      throw new UnknownBusError(busName, { cause });
    throw cause;
  }
}

/** The bus that is configured does not exist: PutEvents to it would succeed and publish nothing. */
export class UnknownBusError extends Error {
  readonly code = "UNKNOWN_BUS";
  constructor(busName: string, options: ErrorOptions) {
    super(`event bus ${busName} does not exist; PutEvents to it would be answered as a success`, options);
    this.name = "UnknownBusError";
  }
}

export function eventBridgeBus(client: EventBridgeClient, busName: string): Bus {
  return {
    async put(entries: readonly BusEntry[]): Promise<(Refusal | undefined)[]> {
      const command = new PutEventsCommand({
        Entries: entries.map(({ source, detailType, detail, resources, time, traceHeader }) => ({
          EventBusName: busName,
          Source: source,
          DetailType: detailType,
          Detail: detail,
          Resources: [...resources],
          Time: new Date(time),
          ...(traceHeader === undefined ? {} : { TraceHeader: traceHeader }),
        })),
      });
      const { Entries = [] } = await client.send(command);
      return entries.map((_, index) => {
        const answer = Entries[index];
        if (answer?.EventId) return undefined;
        return { code: answer?.ErrorCode ?? "NoAnswer", message: answer?.ErrorMessage ?? "the entry was not answered" };
      });
    },
  };
}
