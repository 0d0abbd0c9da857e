import type { Command } from "../definition/decider.ts";
import { contentHash, InvalidArgumentError } from "../event-store/index.ts";
import type { Identity } from "./first-time.ts";

/** @throws {InvalidArgumentError} for a function, or what else is no data */
export function copyOf<C extends Command>(command: C): C {
  try {
    return structuredClone(command);
  } catch {
    throw new InvalidArgumentError("command", command, "a command whose data can be copied");
  }
}

/** @throws {InvalidArgumentError} when the command cannot be told from another one */
export function identityOf(id: string, command: Command): Identity {
  try {
    return { id, hash: contentHash(command) };
  } catch {
    throw new InvalidArgumentError("command", command, "a command of JSON, as it has a commandId");
  }
}
