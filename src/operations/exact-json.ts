import { InvalidArgumentError } from "../event-store/index.ts";

/**
 * The value of a line of JSON.
 *
 * @throws {InvalidArgumentError} for what is no JSON, and for a number that JavaScript would not hold exactly
 */
export function parseExactly(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError("line", text.slice(0, 80), `JSON (${(error as Error).message})`);
  }
  if (MANY_DIGITS.test(text)) checkNumbers(text);
  return value;
}

/** Sixteen digits and more may be too many for a double. */
const MANY_DIGITS = /[\d.]{16}/;

function checkNumbers(text: string): void {
  for (const number of text.replace(STRINGS, '""').match(NUMBERS) ?? [])
    if (digitsOf(number) !== digitsOf(String(Number(number))))
      throw new InvalidArgumentError(
        "line",
        number,
        `numbers that are held exactly: this one would be ${Number(number)}`,
      );
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const NUMBERS = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A decimal number as sign, digits and exponent, in one form. */
function digitsOf(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return digits === "" ? "0" : `${sign}${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`;
}
