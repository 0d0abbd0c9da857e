import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type CommandOutcome, OUTCOME_KEPT_MS } from "../command-outcome.ts";
import { contentHash } from "../content-hash.ts";
import { SNAPSHOT } from "./attributes.ts";
import type { StoreContext } from "./context.ts";
import type { Item } from "./event-codec.ts";
import { whileTransient } from "./retry.ts";

/** What came of a command that stored nothing, when that was in the last 24 hours. */
export async function findOutcome(
  context: StoreContext,
  entityId: string,
  commandId: string,
): Promise<CommandOutcome | undefined> {
  const command = new GetItemCommand({
    TableName: context.snapshotTable,
    Key: keyOf(entityId, commandId),
    ConsistentRead: true,
  });
  const { Item } = await whileTransient(context.requestAttempts, () => context.client.send(command));
  const isKept = Number(Item?.[SNAPSHOT.expiresAt]?.N ?? 0) * 1000 > context.clock().getTime();
  return isKept && Item?.outcome?.S ? (JSON.parse(Item.outcome.S) as CommandOutcome) : undefined;
}

/** Remembers an outcome, unless another one is remembered already: the first stands. */
export async function rememberOutcome(context: StoreContext, outcome: CommandOutcome): Promise<void> {
  const { entityId, commandId } = outcome;
  const now = context.clock().getTime();
  const put = new PutItemCommand({
    TableName: context.snapshotTable,
    Item: {
      ...keyOf(entityId, commandId),
      outcome: { S: JSON.stringify(outcome) },
      [SNAPSHOT.expiresAt]: { N: String(Math.ceil((now + OUTCOME_KEPT_MS) / 1000)) },
    },
    ConditionExpression: "attribute_not_exists(#entityId) OR #expiresAt <= :now",
    ExpressionAttributeNames: { "#entityId": SNAPSHOT.entityId, "#expiresAt": SNAPSHOT.expiresAt },
    ExpressionAttributeValues: { ":now": { N: String(Math.floor(now / 1000)) } },
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(put));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Beside the snapshots, under a key that no entity has, removed by the table's time to live. */
const keyOf = (entityId: string, commandId: string): Item => ({
  [SNAPSHOT.entityId]: { S: `outcome#${contentHash([entityId, commandId])}` },
  [SNAPSHOT.version]: { N: "0" },
});
