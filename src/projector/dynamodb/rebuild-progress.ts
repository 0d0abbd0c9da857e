import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import { withoutUndefined } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { getAll } from "./positions.ts";
import { rebuildKey } from "./read-model-keys.ts";

/** How far a segment of a rebuild is. */
export interface SegmentPosition {
  readonly next: string | undefined;
  readonly isDone: boolean;
  readonly events: number;
}

/** One scan of the events table into a generation, in so many segments. */
export interface Scan {
  readonly generation: GenerationKey;
  /** Tells a scan from one that was begun before it and is not gone on with. */
  readonly scan: number;
  readonly segments: number;
}

export async function loadSegments(table: ReadModelTable, scan: Scan): Promise<Map<number, SegmentPosition>> {
  const keys = Array.from({ length: scan.segments }, (_, segment) => keyOf(scan, segment));
  const items = await getAll(table, keys, true);
  return new Map(items.map(({ segment, position }) => [Number(segment), position as SegmentPosition]));
}

export async function saveSegment(
  { client, name: table }: ReadModelTable,
  scan: Scan,
  { segment, position }: { readonly segment: number; readonly position: SegmentPosition },
): Promise<void> {
  const Item = { ...keyOf(scan, segment), segment, position: withoutUndefined(position) };
  await whileTransient(REQUEST_ATTEMPTS, () => client.send(new PutCommand({ TableName: table, Item })));
}

/** A segment is another part of the table when there are more or fewer of them. */
const keyOf = ({ generation, scan, segments }: Scan, segment: number) =>
  rebuildKey(generation, `scan#${scan}#segment#${segment}of${segments}`);
