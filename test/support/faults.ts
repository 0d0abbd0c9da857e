import { type DynamoDBClient, TransactionCanceledException } from "@aws-sdk/client-dynamodb";

/** One request as the SDK sends it. */
export interface SentRequest {
  readonly operation: string;
  readonly input: Record<string, unknown>;
  /** Counted from 1, per client. */
  readonly number: number;
}

/** What happens to a request at the edge of the SDK. */
export type Fault =
  /** The request never arrives. */
  | "lost-request"
  /** The engine has done it, the answer does not arrive. */
  | "lost-reply"
  | "throttle"
  /** The role lacks the right. */
  | "denied"
  | "transaction-conflict"
  /** The process is gone before the request is sent. */
  | "death-before"
  /** The process is gone after the engine has done it. */
  | "death-after";

export class ProcessDeath extends Error {
  constructor() {
    super("the process died");
    this.name = "ProcessDeath";
  }
}

function awsError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $fault: "client", $metadata: { attempts: 1 } });
}

const connectionLost = (): Error =>
  Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });

const CONFLICT_BY_OPERATION: Record<string, () => Error> = {
  TransactWriteItemsCommand: () =>
    new TransactionCanceledException({
      message: "Transaction cancelled",
      $metadata: {},
      CancellationReasons: [{ Code: "TransactionConflict" }],
    }),
  PutItemCommand: () => awsError("TransactionConflictException"),
};

function failBefore(fault: Fault | undefined, operation: string): void {
  if (fault === "lost-request") throw connectionLost();
  if (fault === "throttle") throw awsError("ThrottlingException", "Rate exceeded");
  if (fault === "denied") throw awsError("AccessDeniedException", "the role is not authorized");
  if (fault === "death-before") throw new ProcessDeath();
  const conflict = fault === "transaction-conflict" ? CONFLICT_BY_OPERATION[operation] : undefined;
  if (conflict) throw conflict();
}

function failAfter(fault: Fault | undefined): void {
  if (fault === "lost-reply") throw connectionLost();
  if (fault === "death-after") throw new ProcessDeath();
}

/**
 * Hangs faults into a client, inside the SDK's own retries: a request that is sent again by the SDK
 * meets the plan again. After a death nothing is sent any more.
 */
export function injectFaults(client: DynamoDBClient, plan: (request: SentRequest) => Fault | undefined): void {
  let number = 0;
  let isDead = false;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (isDead) throw new ProcessDeath();
      number += 1;
      const operation = String(context.commandName);
      const fault = plan({ operation, input: args.input as Record<string, unknown>, number });
      isDead = fault === "death-before" || fault === "death-after";
      failBefore(fault, operation);
      const result = await next(args);
      failAfter(fault);
      return result;
    },
    { step: "finalizeRequest", priority: "low", name: "faults" },
  );
}
