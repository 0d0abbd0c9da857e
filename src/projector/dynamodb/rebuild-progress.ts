import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../../event-store/dynamodb/index.ts";
import type { GenerationKey } from "../generation.ts";
import { ATTEMPTS, getAll } from "./positions.ts";
import { rebuildKey } from "./read-model-keys.ts";
import type { ReadModelTable } from "./read-model-table.ts";

/** How far a segment of a rebuild is. */
export interface SegmentPosition {
  readonly next: string | undefined;
  readonly isDone: boolean;
  readonly events: number;
}

/** One scan of the events table into a generation, in so many segments. */
export interface Scan {
  readonly of: GenerationKey;
  /** Tells a scan from one that was begun before it and is not gone on with. */
  readonly scan: number;
  readonly segments: number;
}

export async function loadSegments(on: ReadModelTable, scan: Scan): Promise<Map<number, SegmentPosition>> {
  const keys = Array.from({ length: scan.segments }, (_, segment) => keyOf(scan, segment));
  const items = await getAll(on, keys, true);
  return new Map(items.map(({ segment, position }) => [Number(segment), position as SegmentPosition]));
}

export async function saveSegment(
  { client, table }: ReadModelTable,
  scan: Scan,
  segment: number,
  position: SegmentPosition,
): Promise<void> {
  const Item = { ...keyOf(scan, segment), segment, position };
  await whileTransient(ATTEMPTS, () => client.send(new PutCommand({ TableName: table, Item })));
}

/** A segment is another part of the table when there are more or fewer of them. */
const keyOf = ({ of, scan, segments }: Scan, segment: number) =>
  rebuildKey(of, `scan#${scan}#segment#${segment}of${segments}`);
