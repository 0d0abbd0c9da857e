import type { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { RowsAcrossEntities } from "../../definition/projection.ts";
import { itemSize } from "../../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { type EntityBatch, type EntityEvents, forEvent, type Poison } from "../../stream/index.ts";
import type { Position } from "../position.ts";
import type { Target } from "../target.ts";
import type { EntityOutcome } from "./entity-outcome.ts";
import { movePosition, type PutStep } from "./positions.ts";
import type { RowStep, TransactionRows } from "./shared-rows.ts";

export type SharedTarget = Target<RowsAcrossEntities<unknown>>;

/** One entity on its way to the end of the batch. */
export interface Member {
  readonly batch: EntityBatch;
  readonly events: EntityEvents;
  readonly start: Position;
  position: Position;
  /** The position was read strongly, or written, by this run. */
  isFresh: boolean;
  applied: number;
  outcome?: EntityOutcome;
}

/** What an entity has in the transaction at hand. */
export interface Share {
  readonly member: Member;
  readonly after: Position;
  readonly applied: number;
}

export interface Attempt {
  readonly rows: TransactionRows;
  readonly shares: Share[];
  readonly events: number;
  /** The last event that was taken. */
  readonly last: StoredEvent | undefined;
  readonly poisoned: { readonly member: Member; readonly poison: Poison } | undefined;
}

/** DynamoDB's limits of one transaction: actions, and bytes (4 MB, of which some is left for what is counted besides). */
export const MAX_ACTIONS = 100;
const MAX_BYTES = 4_000_000;

type Step = RowStep | { readonly Put: PutStep };

/** @throws {EventHandlingError} when a row cannot be encoded, or all of them are too large together */
export function stepsOf(table: ReadModelTable, target: SharedTarget, { rows, shares, last }: Attempt): readonly Step[] {
  if (!last) return [];
  return forEvent(last, `storing the rows of ${target.projection.name}`, () => {
    const steps: Step[] = [
      ...rows.steps(),
      ...shares.map(({ member, after }) => ({
        Put: movePosition(table, target, { before: member.position, after }),
      })),
    ];
    const bytes = steps.reduce((sum, step) => sum + ("Put" in step ? itemSize(step.Put.Item) : 0), 0);
    if (bytes > MAX_BYTES) throw new Error(`the rows of one transaction are ${bytes} bytes, at most ${MAX_BYTES} fit`);
    return steps;
  });
}

/** A transaction that others were faster than, by the code of each of its steps. */
const RACED = new Set(["ConditionalCheckFailed", "TransactionConflict"]);

export function racedSteps(error: unknown): number[] {
  const { name, CancellationReasons: reasons = [] } = (error ?? {}) as Partial<TransactionCanceledException>;
  if (name !== "TransactionCanceledException") return [];
  return reasons.flatMap(({ Code }, index) => (RACED.has(Code ?? "") ? [index] : []));
}
