import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import { ATTEMPTS, getAll, type ReadModelTable } from "./dynamodb-positions.ts";
import { type GenerationKey, rebuildKey } from "./dynamodb-read-model-keys.ts";

/** How far a segment of a rebuild is. */
export interface SegmentPosition {
  readonly next: string | undefined;
  readonly isDone: boolean;
  readonly events: number;
}

/** A segment is another part of the table when there are more or fewer of them. */
const keyOf = (of: GenerationKey, segment: number, segments: number) =>
  rebuildKey(of, `segment#${segment}of${segments}`);

export async function loadSegments(
  on: ReadModelTable,
  of: GenerationKey,
  segments: number,
): Promise<Map<number, SegmentPosition>> {
  const keys = Array.from({ length: segments }, (_, segment) => keyOf(of, segment, segments));
  const items = await getAll(on, keys, true);
  return new Map(items.map(({ segment, position }) => [Number(segment), position as SegmentPosition]));
}

export async function saveSegment(
  { client, table }: ReadModelTable,
  of: GenerationKey,
  { segment, segments }: { readonly segment: number; readonly segments: number },
  position: SegmentPosition,
): Promise<void> {
  const Item = { ...keyOf(of, segment, segments), segment, position };
  await whileTransient(ATTEMPTS, () => client.send(new PutCommand({ TableName: table, Item })));
}
