import pLimit from "p-limit";
import type { EventStore, EventTypes } from "../event-store/index.ts";
import type { EntityBatch, EntityFailure } from "../stream/index.ts";
import { type Projection, takesAggregate, versionOf } from "./definition.ts";
import { GenerationsCache } from "./dynamodb-generations.ts";
import { type ReadModelTable, readPositionNow, readPositions } from "./dynamodb-positions.ts";
import { type EntityContext, type EntityOutcome, projectEntity } from "./dynamodb-project-entity.ts";
import type { Position } from "./position.ts";
import type { Target } from "./target.ts";

export interface ProjectorOptions {
  readonly projections: readonly Projection[];
  readonly store: EventStore;
  readonly on: ReadModelTable;
  readonly eventTypes: EventTypes;
  readonly clock: () => Date;
  /** Between 0 and 1: spreads retries. */
  readonly random: () => number;
  /** Entities of one projection that are worked on at the same time. Default 16. */
  readonly concurrency?: number;
  /** Tries of an event before its entity is parked. Default 5. */
  readonly parkAfter?: number;
  /** Milliseconds for which the generations are taken as known. Default 2,000. */
  readonly generationsMaxAgeMs?: number;
}

/** What one projection made of a batch. */
export interface ProjectionOutcome {
  readonly projection: string;
  readonly generation: number;
  readonly applied: number;
  readonly skipped: number;
  readonly repaired: number;
  readonly parked: number;
  readonly failures: readonly (EntityFailure & { readonly error: Error })[];
}

export interface Projector {
  /** Brings every projection up to the batch. A projection that fails does not stop the others. */
  project(batches: readonly EntityBatch[]): Promise<ProjectionOutcome[]>;
  /** As `project`, for one generation. */
  projectInto(target: Target, batches: readonly EntityBatch[]): Promise<ProjectionOutcome>;
  /** Brings one entity of one generation up to a batch. */
  projectOne(target: Target, batch: EntityBatch): Promise<EntityOutcome>;
  /** The generations that are fed, of every projection. */
  targets(): Promise<Target[]>;
  readonly context: EntityContext;
  readonly generations: GenerationsCache;
}

const sum = (outcomes: readonly EntityOutcome[], field: "applied" | "skipped" | "repaired"): number =>
  outcomes.reduce((all, outcome) => all + outcome[field], 0);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** An entity whose aggregate type could not be read is offered to every projection. */
const concerns = (projection: Projection, { events }: EntityBatch): boolean =>
  events[0] === undefined || takesAggregate(projection, events[0].aggregateType);

function failureOf(batch: EntityBatch, position: Position | undefined, error: unknown): EntityOutcome {
  const failedAt = Math.min(batch.upTo, (position?.checkpoint ?? 0) + 1);
  const nothing = { applied: 0, skipped: 0, repaired: 0, parked: false };
  return { entityId: batch.entityId, ...nothing, failedAt, error: asError(error) };
}

function summarize({ of }: Target, outcomes: readonly EntityOutcome[]): ProjectionOutcome {
  return {
    projection: of.name,
    generation: of.generation,
    applied: sum(outcomes, "applied"),
    skipped: sum(outcomes, "skipped"),
    repaired: sum(outcomes, "repaired"),
    parked: outcomes.filter(({ parked }) => parked).length,
    failures: outcomes.flatMap(({ entityId, failedAt, error }) =>
      failedAt === undefined || !error ? [] : [{ entityId, fromSequence: failedAt, error }],
    ),
  };
}

export function createProjector(options: ProjectorOptions): Projector {
  const { projections, store, on, eventTypes, clock, random } = options;
  const generations = new GenerationsCache(on, clock, options.generationsMaxAgeMs ?? 2_000);
  const pause = (attempt: number) =>
    new Promise<void>((resolve) => setTimeout(resolve, random() * Math.min(200, 5 * 2 ** attempt)));
  const context: EntityContext = { store, on, eventTypes, clock, pause, parkAfter: options.parkAfter ?? 5 };
  const limit = pLimit(options.concurrency ?? 16);

  async function targetsOf(projection: Projection): Promise<Target[]> {
    const version = versionOf(projection);
    const { name, all } = await generations.get(projection.name, version);
    const own = all.filter((one) => one.version === version);
    return own.map(({ generation }) => ({ projection, of: { name, generation } }));
  }

  async function projectInto(target: Target, batches: readonly EntityBatch[]): Promise<ProjectionOutcome> {
    const mine = batches.filter((batch) => concerns(target.projection, batch));
    const entityIds = mine.map(({ entityId }) => entityId);
    const positions = await readPositions(on, target.projection, target.of, entityIds).catch(asError);
    const outcomes = await Promise.all(
      mine.map((batch) =>
        limit(async () => {
          if (positions instanceof Error) return failureOf(batch, undefined, positions);
          const position = positions.get(batch.entityId);
          if (!position) return failureOf(batch, undefined, new Error("no position was read"));
          return projectEntity(context, target, batch, position).catch((error: unknown) =>
            failureOf(batch, position, error),
          );
        }),
      ),
    );
    return summarize(target, outcomes);
  }

  const targets = async () => (await Promise.all(projections.map(targetsOf))).flat();
  const project = async (batches: readonly EntityBatch[]) =>
    Promise.all((await targets()).map((target) => projectInto(target, batches)));

  const projectOne = async (target: Target, batch: EntityBatch) =>
    projectEntity(context, target, batch, await readPositionNow(on, target.projection, target.of, batch.entityId));

  return { project, projectInto, projectOne, targets, context, generations };
}
