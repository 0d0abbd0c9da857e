import { SNAPSHOT } from "./attributes.ts";

/** A condition with its names and values, ready to be spread into a request. */
export interface Condition<Value = { S: string }> {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Value>;
}

/** No event is stored yet under this entity and sequence number; a refusal tells which one is. */
export const sequenceNumberIsFree = {
  ConditionExpression: "attribute_not_exists(#entityId)",
  ExpressionAttributeNames: { "#entityId": "entityId" },
  ReturnValuesOnConditionCheckFailure: "ALL_OLD",
} as const;

/** No snapshot stands at this version, or another one: of another state version, or of another history. */
export function snapshotIsMissingOrAnother(dataHash: string): Condition {
  const missing = "attribute_not_exists(#entityId)";
  const another = "#dataHash <> :dataHash";
  return {
    ConditionExpression: `${missing} OR ${another}`,
    ExpressionAttributeNames: { "#entityId": SNAPSHOT.entityId, "#dataHash": SNAPSHOT.dataHash },
    ExpressionAttributeValues: { ":dataHash": { S: dataHash } },
  };
}
