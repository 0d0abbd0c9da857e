import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { TooLargeError } from "../errors.ts";

/** @throws {TooLargeError} before anything is sent */
export function checkItemSize(item: Readonly<Record<string, AttributeValue>>, what: string, advice: string): number {
  const bytes = itemSize(item);
  if (bytes > MAX_ITEM_BYTES) throw new TooLargeError(what, bytes, MAX_ITEM_BYTES, advice);
  return bytes;
}

/** Bytes that an item counts towards limits and capacity units. */
export function itemSize(item: Readonly<Record<string, AttributeValue>>, perEntry = 0): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8(name) + valueSize(value) + perEntry, 0);
}

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return utf8(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.L !== undefined) {
    return value.L.reduce((sum, item) => sum + valueSize(item) + ELEMENT_OVERHEAD, CONTAINER_OVERHEAD);
  }
  if (value.M !== undefined) return itemSize(value.M, ELEMENT_OVERHEAD) + CONTAINER_OVERHEAD;
  return 1;
}

function numberSize(text: string): number {
  const digits = text
    .replace(/e.*$/i, "")
    .replace(/\D/g, "")
    .replace(/^0+|0+$/g, "").length;
  return Math.ceil((digits + 1) / 2) + (text.startsWith("-") ? 2 : 1);
}

/** Sizes as in "DynamoDB item sizes and formats" of the DynamoDB developer guide. */
const CONTAINER_OVERHEAD = 3;
const ELEMENT_OVERHEAD = 1;

/** Bytes. The limit of one item, names and values together. */
export const MAX_ITEM_BYTES = 400 * 1024;
/** Bytes. The limit of one transaction. */
export const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;

const utf8 = (text: string): number => Buffer.byteLength(text, "utf8");
