import { addressOf, part, post } from "./api.ts";
import type { Accepted, Command, JsonFields } from "./contract.ts";

interface SentCommand {
  readonly command: Command;
  readonly data: JsonFields;
  readonly target: { readonly entityId: string } | undefined;
  /** Undefined: whatever version the entity has. */
  readonly expectedVersion: number | undefined;
  readonly correlationId: string;
  readonly idempotencyKey: string;
}

/** Sends a command as the public API takes it. @throws {ApiError} */
export function sendCommand(sent: SentCommand): Promise<Accepted> {
  const { command, data, target, expectedVersion, correlationId, idempotencyKey } = sent;
  const path = command.path.replace("{id}", part(target?.entityId ?? ""));
  return post<Accepted>(addressOf("api", path), data, {
    "idempotency-key": idempotencyKey,
    ...(expectedVersion === undefined ? {} : { "if-match": `"${expectedVersion}"` }),
    ...(correlationId === "" ? {} : { "x-correlation-id": correlationId }),
  });
}

/** What came of it, in a sentence. */
export function outcomeOf({ entityId, version, events, repeated }: Accepted): string {
  if (repeated) return `It was done before: ${entityId} is at version ${version}.`;
  if (events.length === 0) return `Nothing changed, so nothing was stored: ${entityId} is at version ${version}.`;
  return `${events.join(", ")} stored: ${entityId} is at version ${version}.`;
}
