import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { itemSize, MAX_ITEM_BYTES } from "../../event-store/dynamodb/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";

export type EncodedItem = Record<string, AttributeValue>;

/**
 * An item as the table stores it, by the options of the document client. Encoding is done before a request is
 * made of it, so that what a row cannot hold is known from what a request meets.
 *
 * @param attributes what is encoded already
 * @throws {RowTooLargeError} and what `marshall` throws for a value that DynamoDB has no type for
 */
export function encodeItem(
  { client }: ReadModelTable,
  item: Record<string, unknown>,
  attributes: EncodedItem = {},
): EncodedItem {
  const options = client.config.translateConfig?.marshallOptions;
  const encoded = { ...marshall(item, { ...options, convertTopLevelContainer: false }), ...attributes };
  const bytes = itemSize(encoded);
  if (bytes > MAX_ROW_ITEM_BYTES) throw new RowTooLargeError(bytes);
  return encoded;
}

/** Bytes that every item keeps free for what is noted beside a row: that its entity is parked, a longer revision. */
const RESERVED_BYTES = 1024;
const MAX_ROW_ITEM_BYTES = MAX_ITEM_BYTES - RESERVED_BYTES;

/** The item does not fit into the table. */
export class RowTooLargeError extends Error {
  readonly code = "ROW_TOO_LARGE";
  constructor(readonly bytes: number) {
    super(`the row with its keys is ${bytes} bytes, and at most ${MAX_ROW_ITEM_BYTES} are stored`);
    this.name = "RowTooLargeError";
  }
}
