import { isSystemState } from "../event-store/dynamodb/index.ts";
import { asError } from "../event-store/index.ts";

/** How the command line ends. Part of its interface: scripts build on it. */
export const EXIT = { done: 0, problem: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called in a way that it does not take. Nothing was done. */
export class UsageError extends Error {
  readonly code = "USAGE";
  override readonly name = "UsageError";
}

/** There is no service to work on: none runs here, or tables, credentials or rights are missing. */
export class UnreachableError extends Error {
  readonly code = "UNREACHABLE";
  override readonly name = "UnreachableError";
}

export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
}

export function failureOf(thrown: unknown): Failure {
  const error = asError(thrown);
  const { message } = error;
  if (error instanceof UsageError) return { exitCode: EXIT.usage, message };
  if (error instanceof UnreachableError) return { exitCode: EXIT.unreachable, message };
  const advice = adviceFor(error);
  if (advice !== undefined) return { exitCode: EXIT.unreachable, message: `${message || error.name}; ${advice}` };
  return { exitCode: EXIT.problem, message: message || error.name };
}

/** What to do about an error that says nothing of the command; undefined for any other. */
function adviceFor(error: Error): string | undefined {
  const { name, message } = error;
  if (message === "Region is missing") return "set AWS_REGION";
  if (name === "CredentialsProviderError") return "set the credentials of the account, as for the aws command";
  if (name === "ResourceNotFoundException") return "is it the right --stage, account and region?";
  if (name.startsWith("AccessDenied")) return "`streamfold doctor` lists the rights";
  const isUnavailable = "code" in error && error.code === "UNAVAILABLE";
  if (isUnavailable || (isSystemState(error) && name !== "ConditionalCheckFailedException"))
    return "the tables do not answer";
  return undefined;
}
