import type { HttpAnswer, HttpMessage } from "./http.ts";

/** What of the SDK's protocol object is used here; the SDK's types of it are not part of its public packages. */
export interface Protocol {
  serializeRequest(operation: Operation, input: object, context: object): Promise<HttpMessage>;
  deserializeResponse(operation: Operation, context: object, answer: HttpAnswer): Promise<object>;
}

interface Operation {
  readonly name: string;
}

/**
 * JSON straight from and to what the SDK's commands take and give. For requests on items the two differ in binary values
 * only, which are base64 on the wire; requests and answers with one, errors and every other operation go the SDK's way.
 */
export function directProtocol<P extends Protocol>(sdk: P): P {
  return new Proxy(sdk, {
    get(target, name) {
      if (name === "serializeRequest") return serializeRequest;
      if (name === "deserializeResponse") return deserializeResponse;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  async function serializeRequest(operation: Operation, input: object, context: object): Promise<HttpMessage> {
    if (!isDirect(operation, input)) return sdk.serializeRequest(operation, input, context);
    const request = await sdk.serializeRequest(operation, {}, context);
    return Object.assign(request, { body: JSON.stringify(input) });
  }

  async function deserializeResponse(operation: Operation, context: object, answer: HttpAnswer): Promise<object> {
    const text = answer.statusCode < 300 && ON_ITEMS.has(operation.name) ? textOf(answer.body) : undefined;
    if (text === undefined || text.includes('"B":') || text.includes('"BS":'))
      return sdk.deserializeResponse(operation, context, answer);
    const output = await sdk.deserializeResponse(operation, context, { ...answer, body: NOTHING });
    return text === "" ? output : Object.assign(output, JSON.parse(text) as object);
  }
}

const ON_ITEMS = new Set([
  "BatchGetItem",
  "BatchWriteItem",
  "DeleteItem",
  "GetItem",
  "PutItem",
  "Query",
  "Scan",
  "TransactGetItems",
  "TransactWriteItems",
  "UpdateItem",
]);

const NOTHING = new Uint8Array(0);

const textOf = (body: Uint8Array): string | undefined =>
  body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8") : undefined;

/** Whether `JSON.stringify` writes what the SDK would. It fills in the token of a transaction that has none. */
function isDirect({ name }: Operation, input: object): boolean {
  if (!ON_ITEMS.has(name)) return false;
  if (name === "TransactWriteItems" && (input as { ClientRequestToken?: unknown }).ClientRequestToken === undefined)
    return false;
  return isPlain(input);
}

/** Objects, lists, texts, numbers and booleans all the way down. Null is left out by the SDK and kept by JSON. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value !== "bigint";
  if (value === null) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || "toJSON" in value) return false;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}
