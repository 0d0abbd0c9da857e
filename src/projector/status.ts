import type { EventStore } from "../event-store/index.ts";
import { type Projection, versionOf } from "./definition.ts";
import { readGenerations } from "./dynamodb-generations.ts";
import { listParked } from "./dynamodb-parking.ts";
import { type ReadModelTable, readPositions } from "./dynamodb-positions.ts";

/** How far a projection is. */
export interface ProjectionStatus {
  readonly projection: string;
  readonly version: number;
  readonly servingGeneration: number | null;
  readonly generations: readonly { readonly generation: number; readonly version: number; readonly status: string }[];
  /** Events among the newest ones that it has not taken; a floor when `isFloor`. */
  readonly eventsBehind: number;
  readonly isFloor: boolean;
  /** Seconds since the oldest of them was stored. */
  readonly oldestWaitingSeconds: number;
  readonly parked: number;
}

export interface StatusContext {
  readonly on: ReadModelTable;
  readonly store: EventStore;
  readonly projections: readonly Projection[];
  readonly clock: () => Date;
  /** How far back is looked for events that wait, in milliseconds. Default one hour. */
  readonly windowMs?: number;
}

/** Events that are looked at, per aggregate type. */
const MOST_EVENTS = 1_000;

interface Waiting {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventTime: string;
}

/** Keys of the newest events: an event that cannot be decoded must not hide that it waits. */
async function recentEvents(
  { store, clock, windowMs = 3_600_000 }: StatusContext,
  aggregateType: string,
): Promise<Waiting[]> {
  const fromTime = new Date(clock().getTime() - windowMs).toISOString();
  const recent: Waiting[] = [];
  for await (const key of store.readKeysByType(aggregateType, { fromTime })) {
    recent.push(key);
    if (recent.length > 2 * MOST_EVENTS) recent.splice(0, MOST_EVENTS);
  }
  return recent.slice(-MOST_EVENTS);
}

async function parkedIn(on: ReadModelTable, name: string): Promise<number> {
  let count = 0;
  for await (const parked of listParked(on, name)) count += parked ? 1 : 0;
  return count;
}

async function statusOf(
  context: StatusContext,
  projection: Projection,
  recent: readonly Waiting[],
): Promise<ProjectionStatus> {
  const { on, clock } = context;
  const { name } = projection;
  const found = await readGenerations(on, name);
  const of = { name, generation: found?.serving ?? 1 };
  const entityIds = [...new Set(recent.map(({ entityId }) => entityId))];
  const positions = await readPositions(on, projection, of, entityIds);
  const waiting = recent.filter(
    ({ entityId, sequenceNumber }) => sequenceNumber > (positions.get(entityId)?.checkpoint ?? 0),
  );
  const oldest = waiting.reduce((first, { eventTime }) => (first === "" || eventTime < first ? eventTime : first), "");
  const age = oldest === "" ? 0 : (clock().getTime() - Date.parse(oldest)) / 1000;
  return {
    projection: name,
    version: versionOf(projection),
    servingGeneration: found?.serving ?? null,
    generations: (found?.all ?? []).map(({ generation, version, status }) => ({ generation, version, status })),
    eventsBehind: waiting.length,
    isFloor: recent.length >= MOST_EVENTS,
    oldestWaitingSeconds: Math.max(0, Math.round(age)),
    parked: await parkedIn(on, name),
  };
}

/** How far each projection is, by its checkpoints against the events of the last hour. */
export async function readStatus(context: StatusContext): Promise<ProjectionStatus[]> {
  const types = [...new Set(context.projections.flatMap(({ from }) => Object.keys(from)))];
  const recent = new Map(
    await Promise.all(types.map(async (type) => [type, await recentEvents(context, type)] as const)),
  );
  return Promise.all(
    context.projections.map((projection) =>
      statusOf(
        context,
        projection,
        Object.keys(projection.from).flatMap((type) => recent.get(type) ?? []),
      ),
    ),
  );
}
