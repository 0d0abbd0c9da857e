import { SNAPSHOT } from "./dynamodb-attributes.ts";

/** A condition with its names and values, ready to be spread into a request. */
export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, { S: string }>;
}

/** Nobody has stored an event under this entity and sequence number yet. */
export const sequenceNumberIsFree: Condition = {
  ConditionExpression: "attribute_not_exists(#entityId)",
  ExpressionAttributeNames: { "#entityId": "entityId" },
};

/** No snapshot stands at this version, or one that another state schema wrote. */
export function snapshotIsMissingOrOfAnotherState(stateVersion: string | undefined): Condition {
  const missing = "attribute_not_exists(#entityId)";
  const names = { "#entityId": SNAPSHOT.entityId };
  if (stateVersion === undefined) return { ConditionExpression: missing, ExpressionAttributeNames: names };
  const ofAnotherState = "#stateVersion <> :stateVersion";
  return {
    ConditionExpression: `${missing} OR ${ofAnotherState}`,
    ExpressionAttributeNames: { ...names, "#stateVersion": SNAPSHOT.stateVersion },
    ExpressionAttributeValues: { ":stateVersion": { S: stateVersion } },
  };
}
