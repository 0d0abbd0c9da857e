import { checkTime } from "../event-store/index.ts";
import type { Option } from "./command.ts";
import { UsageError } from "./failure.ts";

/** The value of an option as its kind has it. @throws {UsageError} */
export function parseValue(name: string, option: Option, value: string | undefined): string | number | boolean {
  if (option.kind === "flag") {
    if (value !== undefined) throw new UsageError(`${name}: takes no value, got ${value}`);
    return true;
  }
  if (value === undefined || value === "") throw new UsageError(`${name}: expected ${option.hint}, got nothing`);
  if (option.kind === "integer") return integerOf(name, option, value);
  if (option.kind === "time") return timeOf(name, value);
  return value;
}

/** @throws {UsageError} */
export function integerOf(
  name: string,
  { min, max }: { readonly min: number; readonly max?: number | undefined },
  text: string,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER)) return value;
  const range = max === undefined ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`;
  throw new UsageError(`${name}: expected ${range}, got ${text}`);
}

function timeOf(name: string, text: string): string {
  try {
    checkTime(name, text);
    return text;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
