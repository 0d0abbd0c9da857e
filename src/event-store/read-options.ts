import { InvalidArgumentError } from "./errors.ts";
import type { IndexReadOptions, ReadOptions } from "./event-store.ts";
import { comparePositions, type IndexPosition } from "./index-position.ts";
import { checkFields, checkKeyText, checkTime, checkWholeNumber, endOf, type Fields } from "./validate.ts";

/** @throws {InvalidArgumentError} */
export function checkReadOptions(entityId: string, options: ReadOptions): void {
  checkFields("options", options, READ);
  const { fromSequence, toSequence, limit, direction } = options;
  checkKeyText("entityId", entityId);
  checkDirection(direction);
  if (fromSequence !== undefined) checkWholeNumber("fromSequence", fromSequence, 1);
  if (toSequence !== undefined) checkWholeNumber("toSequence", toSequence, 0);
  if (limit !== undefined) checkWholeNumber("limit", limit, 1);
}

/** @throws {InvalidArgumentError} */
export function checkIndexReadOptions(options: IndexReadOptions): void {
  checkFields("options", options, INDEX_READ);
  const { fromTime, toTime, limit, direction } = options;
  if (fromTime !== undefined) checkTime("fromTime", fromTime);
  if (toTime !== undefined) checkTime("toTime", toTime);
  if (limit !== undefined) checkWholeNumber("limit", limit, 1);
  checkDirection(direction);
}

function checkDirection(direction: unknown = "forward"): void {
  if (direction !== "forward" && direction !== "backward")
    throw new InvalidArgumentError("direction", direction, '"forward" or "backward"');
}

export function isWithin(
  { eventTime }: Pick<IndexPosition, "eventTime">,
  { fromTime, toTime }: IndexReadOptions,
): boolean {
  const time = Date.parse(eventTime);
  const isAfter = fromTime === undefined || time >= Date.parse(fromTime);
  return isAfter && (toTime === undefined || time <= endOf(toTime));
}

/** By time, entity and sequence number, upward or downward. */
export const orderOf = ({ direction }: IndexReadOptions): typeof comparePositions =>
  direction === "backward" ? (a, b) => comparePositions(b, a) : comparePositions;

const READ: Fields<ReadOptions> = {
  fromSequence: true,
  toSequence: true,
  direction: true,
  limit: true,
  consistent: true,
};
const INDEX_READ: Fields<IndexReadOptions> = {
  fromTime: true,
  toTime: true,
  cursor: true,
  limit: true,
  direction: true,
};
