import { checkFields, checkWholeNumber, type Fields, InvalidArgumentError } from "../../event-store/index.ts";
import { groupByEntity } from "../../stream/index.ts";
import type { Target } from "../target.ts";
import { projectPatiently } from "./project-patiently.ts";
import type { Projector } from "./projector.ts";
import { loadSegments, type Scan, type SegmentPosition, saveSegment } from "./rebuild-progress.ts";

export interface RebuildProgress {
  readonly generation: number;
  readonly segmentsDone: number;
  readonly segments: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Undefined when it is not known how many events there are. */
  readonly secondsLeft: number | undefined;
}

export interface RebuildOptions {
  /** Parts of the table that are read at the same time. At least 1, default 4. */
  readonly segments?: number;
  /** Read capacity units a second, at most. Default: no limit. */
  readonly capacityPerSecond?: number;
  /** About how many events there are, for the time left. */
  readonly expectedEvents?: number;
  /** Events of one page, at most. At least 1, default 1,000: what a segment holds in memory. */
  readonly pageSize?: number;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly clock: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Reads the events table in segments and brings every entity of it up to date in one generation. */
export const scanInto = (projector: Projector, target: Target, scan: number, options: RebuildOptions): Promise<void> =>
  new RebuildScan(projector, target, { scan, options }).run();

class RebuildScan {
  readonly #projector: Projector;
  readonly #target: Target;
  readonly #options: RebuildOptions;
  readonly #scan: Scan;
  readonly #pace: RateLimiter;
  readonly #startedAt: number;
  #events = 0;
  #done = 0;
  /** One segment has failed: the others end too, where they are. */
  #isStopping = false;

  constructor(
    projector: Projector,
    target: Target,
    { scan, options }: { readonly scan: number; readonly options: RebuildOptions },
  ) {
    this.#projector = projector;
    this.#target = target;
    this.#options = options;
    this.#scan = { generation: target.generation, scan, segments: options.segments ?? DEFAULT_SEGMENTS };
    this.#pace = new RateLimiter(options);
    this.#startedAt = options.clock().getTime();
  }

  #tell(): void {
    const { onProgress, clock, expectedEvents } = this.#options;
    const { segments } = this.#scan;
    const seconds = Math.max(0.001, (clock().getTime() - this.#startedAt) / 1000);
    const rate = this.#events / seconds;
    const left = expectedEvents === undefined ? undefined : Math.max(0, expectedEvents - this.#events);
    onProgress?.({
      generation: this.#target.generation.number,
      segmentsDone: this.#done,
      segments,
      events: this.#events,
      eventsPerSecond: Math.round(rate),
      secondsLeft: left === undefined || rate === 0 ? undefined : Math.round(left / rate),
    });
  }

  async #scanSegment(segment: number, position: SegmentPosition | undefined): Promise<void> {
    const { table, store } = this.#projector.context;
    const { pageSize = DEFAULT_PAGE_EVENTS, pause } = this.#options;
    const { segments } = this.#scan;
    let start = position?.next;
    let events = position?.events ?? 0;
    this.#events += events;
    let isDone = position?.isDone ?? false;
    while (!isDone) {
      const page = await store.scanEvents({ segment, segments, start, limit: pageSize });
      const isStopping = () => this.#isStopping;
      await projectPatiently(this.#projector, this.#target, groupByEntity(page.events), { pause, isStopping });
      if (this.#isStopping) return;
      events += page.events.length;
      this.#events += page.events.length;
      start = page.next;
      isDone = start === undefined;
      await saveSegment(table, this.#scan, { segment, position: { next: start, isDone, events } });
      this.#tell();
      if (!isDone) await this.#pace.spend(page.capacityUnits);
    }
    this.#done += 1;
    this.#tell();
  }

  /** Ends when every segment has ended, so that nothing writes rows after a failure was told. */
  async run(): Promise<void> {
    const positions = await loadSegments(this.#projector.context.table, this.#scan);
    const scans = Array.from({ length: this.#scan.segments }, async (_, segment) => {
      try {
        await this.#scanSegment(segment, positions.get(segment));
      } catch (error) {
        this.#isStopping = true;
        throw error;
      }
    });
    await Promise.allSettled(scans);
    await Promise.all(scans);
  }
}

/** Lets at most so many capacity units a second through, over all segments. */
class RateLimiter {
  #due = 0;
  readonly #options: RebuildOptions;

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  async spend(units: number): Promise<void> {
    const { capacityPerSecond, clock, pause } = this.#options;
    if (capacityPerSecond === undefined) return;
    const now = clock().getTime();
    this.#due = Math.max(now, this.#due) + (units / capacityPerSecond) * 1000;
    if (this.#due > now) await pause(this.#due - now);
  }
}

const DEFAULT_SEGMENTS = 4;
const DEFAULT_PAGE_EVENTS = 1_000;

/** DynamoDB's limit of the segments of one scan. */
const MAX_SEGMENTS = 1_000_000;

const OPTIONS: Fields<RebuildOptions> = {
  segments: true,
  capacityPerSecond: true,
  expectedEvents: true,
  pageSize: true,
  onProgress: true,
  clock: true,
  pause: true,
};

/** @throws {InvalidArgumentError} */
export function checkRebuild(options: RebuildOptions): void {
  checkFields("options", options, OPTIONS);
  const { segments = DEFAULT_SEGMENTS, capacityPerSecond, pageSize = 1 } = options;
  checkWholeNumber("segments", segments, 1);
  if (segments > MAX_SEGMENTS)
    throw new InvalidArgumentError("segments", segments, `an integer of at most ${MAX_SEGMENTS}`);
  checkWholeNumber("pageSize", pageSize, 1);
  if (capacityPerSecond !== undefined && !(capacityPerSecond > 0))
    throw new InvalidArgumentError("capacityPerSecond", capacityPerSecond, "a number above 0");
}
