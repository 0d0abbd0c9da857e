import pLimit from "p-limit";
import { checkSelection, type Projection, takesAggregate, versionOf } from "../../definition/projection.ts";
import {
  type AggregateEventTypes,
  asError,
  checkFields,
  type EventStore,
  type EventTypeLookup,
  EventTypeRegistry,
  type Fields,
  pause,
} from "../../event-store/index.ts";
import type { EntityBatch, EntityFailure, ReadModelTable } from "../../stream/index.ts";
import type { Generations } from "../generation.ts";
import type { Position } from "../position.ts";
import type { Target } from "../target.ts";
import type { EntityContext, EntityOutcome } from "./entity-outcome.ts";
import { FeedingRecord } from "./feeding.ts";
import { GENERATIONS_MAX_AGE_MS, GenerationsCache } from "./generations.ts";
import { findPositions, readPositionNow } from "./positions.ts";
import { projectEntity } from "./project-entity.ts";
import { SharedRun } from "./rows-across-entities.ts";
import { SharedPuts } from "./shared-puts.ts";

export interface ProjectorOptions {
  readonly projections: readonly Projection[];
  readonly store: EventStore;
  readonly table: ReadModelTable;
  readonly eventTypes: EventTypeLookup;
  /** Every aggregate that there is: a projection of another, or of an event that its aggregate has not, is refused. Default: those of `eventTypes` when that is a registry with aggregates; else nothing is checked. */
  readonly aggregates?: readonly AggregateEventTypes[];
  readonly clock: () => Date;
  /** Between 0 and 1: spreads retries. */
  readonly random: () => number;
  /** Entities of projections without shared rows that are worked on at the same time. Default 16. */
  readonly concurrency?: number;
  /** Deliveries in which an event fails before its entity is parked. Default 5. */
  readonly parkAfter?: number;
  /** Milliseconds for which the generations are taken as known. Default 2,000. */
  readonly generationsMaxAgeMs?: number;
  /** Names the reader of the events that this projector is part of, such as the function's name. Default "stream". */
  readonly reader?: string;
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
  /**
   * Brings every projection up to the batch, as live feeding does. A projection that fails does not stop the others.
   *
   * @param isTimeUp tells when what is left is better left to the next delivery; what is done by then stays done
   */
  project(batches: readonly EntityBatch[], isTimeUp?: () => boolean): Promise<ProjectionOutcome[]>;
  /** As `project`, for one generation, without counting as live feeding. */
  projectInto(target: Target, batches: readonly EntityBatch[], isTimeUp?: () => boolean): Promise<ProjectionOutcome>;
  /** Brings one entity of one generation up to a batch. */
  projectOne(target: Target, batch: EntityBatch): Promise<EntityOutcome>;
  /** The generations that are fed, of every projection. */
  targets(): Promise<Target[]>;
  readonly context: EntityContext;
  /** The reader of the events that it is part of. */
  readonly reader: string;
  readonly generations: GenerationsCache;
}

/** @throws {InvalidArgumentError} for an unknown option, and for a selection of events that no aggregate has */
export function createProjector(options: ProjectorOptions): Projector {
  checkFields("options", options, OPTIONS);
  const declared = options.aggregates ?? declaredIn(options.eventTypes);
  if (declared.length > 0) for (const one of options.projections) checkSelection(one, declared);
  const { projections, store, table, eventTypes, clock, random } = options;
  const generations = new GenerationsCache(table, clock, options.generationsMaxAgeMs ?? GENERATIONS_MAX_AGE_MS);
  const reader = options.reader ?? "stream";
  const feeding = new FeedingRecord(table, clock, reader);
  const backOff = (attempt: number) => pause(random() * Math.min(MAX_PAUSE_MS, 5 * 2 ** attempt));
  const isNeverUp = () => false;
  const context: EntityContext = {
    store,
    table,
    puts: new SharedPuts(table),
    eventTypes,
    clock,
    pause: backOff,
    parkAfter: options.parkAfter ?? 5,
    isTimeUp: isNeverUp,
  };
  const separate = pLimit(options.concurrency ?? 16);
  const shared = new Map<string, ReturnType<typeof pLimit>>();

  /** Transactions of one generation that meet on a row in this process would only repeat each other. */
  function oneByOne({ generation }: Target): ReturnType<typeof pLimit> {
    const name = `${generation.name}@${generation.number}`;
    const limit = shared.get(name) ?? pLimit(1);
    shared.set(name, limit);
    return limit;
  }

  const knownOf = (projection: Projection) => generations.get(projection.name, versionOf(projection));

  function targetsIn(projection: Projection, { name, all }: Generations): Target[] {
    const own = all.filter((one) => one.version === versionOf(projection));
    return own.map(({ generation }) => ({ projection, generation: { name, number: generation } }));
  }

  type Entity = { readonly batch: EntityBatch; readonly position: Position };

  function bringUp(run: EntityContext, target: Target, entities: readonly Entity[]): Promise<EntityOutcome[]> {
    const { projection, generation } = target;
    if (projection.kind === "rows-across-entities")
      return oneByOne(target)(() => new SharedRun(run, { projection, generation }, entities).run());
    return Promise.all(
      entities.map(({ batch, position }) =>
        separate(() => projectEntity(run, { projection, generation }, { batch, start: position })),
      ),
    );
  }

  async function projectInto(
    target: Target,
    batches: readonly EntityBatch[],
    isTimeUp = isNeverUp,
  ): Promise<ProjectionOutcome> {
    const mine = batches.filter((batch) => concerns(target.projection, batch));
    const entityIds = mine.map(({ entityId }) => entityId);
    const positions = await findPositions(table, target.projection, { generation: target.generation, entityIds }).catch(
      asError,
    );
    const failed: EntityOutcome[] = [];
    const entities: Entity[] = [];
    for (const batch of mine) {
      const position = positions instanceof Error ? positions : positions.get(batch.entityId);
      if (position && !(position instanceof Error)) entities.push({ batch, position });
      else failed.push(failureOf(batch, position));
    }
    return summarize(target, [...failed, ...(await bringUp({ ...context, isTimeUp }, target, entities))]);
  }

  const targets = async () =>
    (await Promise.all(projections.map(async (one) => targetsIn(one, await knownOf(one))))).flat();

  async function project(batches: readonly EntityBatch[], isTimeUp = isNeverUp): Promise<ProjectionOutcome[]> {
    const known = await Promise.all(projections.map(async (one) => [one, await knownOf(one)] as const));
    const fed = known.flatMap(([projection, one]) => targetsIn(projection, one));
    await feeding.note(
      fed,
      known.map(([, one]) => one),
    );
    return Promise.all(fed.map((target) => projectInto(target, batches, isTimeUp)));
  }

  async function projectOne(target: Target, batch: EntityBatch): Promise<EntityOutcome> {
    const position = await readPositionNow(table, target.projection, {
      generation: target.generation,
      entityId: batch.entityId,
    });
    const [outcome] = await bringUp(context, target, [{ batch, position }]);
    return outcome ?? failureOf(batch, new Error(`${batch.entityId} was not projected`));
  }

  return { project, projectInto, projectOne, targets, context, reader, generations };
}

const declaredIn = (eventTypes: EventTypeLookup): readonly AggregateEventTypes[] =>
  eventTypes instanceof EventTypeRegistry ? eventTypes.aggregates : [];

/** An entity whose aggregate type could not be read is offered to every projection. */
const concerns = (projection: Projection, { events }: EntityBatch): boolean =>
  events[0] === undefined || takesAggregate(projection, events[0].aggregateType);

function failureOf({ entityId, upTo }: EntityBatch, error: unknown): EntityOutcome {
  const nothing = { applied: 0, skipped: 0, repaired: 0, parked: false };
  return { entityId, ...nothing, failedAt: Math.min(upTo, 1), error: asError(error) };
}

function summarize({ generation }: Target, outcomes: readonly EntityOutcome[]): ProjectionOutcome {
  return {
    projection: generation.name,
    generation: generation.number,
    applied: sum(outcomes, "applied"),
    skipped: sum(outcomes, "skipped"),
    repaired: sum(outcomes, "repaired"),
    parked: outcomes.filter(({ parked }) => parked).length,
    failures: outcomes.flatMap(({ entityId, failedAt, error }) =>
      failedAt === undefined || !error ? [] : [{ entityId, fromSequence: failedAt, error }],
    ),
  };
}

const OPTIONS: Fields<ProjectorOptions> = {
  projections: true,
  store: true,
  table: true,
  eventTypes: true,
  aggregates: true,
  clock: true,
  random: true,
  concurrency: true,
  parkAfter: true,
  generationsMaxAgeMs: true,
  reader: true,
};

const sum = (outcomes: readonly EntityOutcome[], field: "applied" | "skipped" | "repaired"): number =>
  outcomes.reduce((all, outcome) => all + outcome[field], 0);

/** Milliseconds that a lost race is waited after, at most. */
const MAX_PAUSE_MS = 500;
