import { ownCpuMicros } from "./cpu.ts";
import { median, percentile } from "./statistics.ts";

/** One of the things that are compared. */
export interface Side {
  readonly name: string;
  /** Operations at a time. Default 1. */
  readonly concurrency?: number;
  /** Operations of a round, the same number for each worker. Default: as many as are begun in the round's time. */
  readonly operations?: number;
  /** Called before each round and not measured. */
  prepare?(): Promise<unknown>;
  /** One operation. @param worker 0 to `concurrency` - 1; a worker begins its next operation when one has ended */
  operate(worker: number): Promise<unknown>;
  /** Called after each round and not measured. Throws when the round did not do its work. */
  verify?(): Promise<unknown>;
  /** Requests sent since the last call. */
  takeRequests?(): number;
}

export interface Pace {
  /** Default 5. */
  readonly rounds?: number | undefined;
  /** Milliseconds of a round, for sides without a number of operations. Default 1,000. */
  readonly roundMs?: number | undefined;
  /** Microseconds of CPU that the engine has used until now. */
  readonly engineCpuMicros?: (() => number | undefined) | undefined;
  /** Told of a side that failed and is left out from then on. Default: the first failure ends the measurement. */
  readonly onFailure?: ((side: Side, error: unknown) => void) | undefined;
}

export interface Measured {
  readonly side: string;
  /** Median, lowest and highest of the rounds. */
  readonly opsPerSecond: number;
  readonly min: number;
  readonly max: number;
  /** Of all operations of all rounds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Undefined for a side that does not count its requests. */
  readonly requestsPerOp: number | undefined;
  /** Median of the rounds. */
  readonly clientMicrosPerOp: number;
  /** Median of the rounds; undefined where the engine's CPU cannot be read. */
  readonly engineMicrosPerOp: number | undefined;
  readonly operations: number;
  /** Whether the last two windows of the warm-up differed by less than a tenth. */
  readonly isSteady: boolean;
}

const ROUNDS = 5;
const ROUND_MS = 1_000;

/**
 * Measures sides beside each other: each is warmed up until its rate is steady, then their rounds are interleaved
 * (A, B, C, A, B, C, …), so that what slows the machine down for a while slows all of them down.
 */
export async function measure(sides: readonly Side[], pace: Pace = {}): Promise<Measured[]> {
  const { rounds = ROUNDS, roundMs = ROUND_MS, engineCpuMicros = () => undefined } = pace;
  const runs = sides.map((side) => ({ side, rounds: [] as Round[], isSteady: false, hasFailed: false }));
  const attempt = async (run: (typeof runs)[number], act: () => Promise<void>) => {
    if (run.hasFailed) return;
    try {
      await act();
    } catch (error) {
      if (!pace.onFailure) throw error;
      run.hasFailed = true;
      pace.onFailure(run.side, error);
    }
  };
  for (const run of runs)
    await attempt(run, async () => {
      run.isSteady = await warmUp(run.side, roundMs);
    });
  for (let round = 0; round < rounds; round += 1)
    for (const run of runs)
      await attempt(run, async () => {
        const { side } = run;
        run.rounds.push(await runRound(side, { roundMs, operations: side.operations, engineCpuMicros }));
        await side.verify?.();
      });
  return runs.filter(({ hasFailed }) => !hasFailed).map(summarize);
}

/** Windows, and milliseconds, after which a rate that is still not steady is measured as it is. */
const MAX_WINDOWS = 8;
const MAX_WARM_UP_MS = 15_000;
const STEADY_SHARE = 0.1;
/** Part of a round's operations that a window of the warm-up has. */
const WINDOW_SHARE = 0.25;

async function warmUp(side: Side, roundMs: number): Promise<boolean> {
  const { operations, concurrency = 1 } = side;
  const window = operations === undefined ? undefined : Math.max(concurrency, operations * WINDOW_SHARE);
  const end = performance.now() + MAX_WARM_UP_MS;
  let before = 0;
  for (let n = 0; n < MAX_WINDOWS && performance.now() < end; n += 1) {
    const { perSecond } = await runRound(side, { roundMs, operations: window, engineCpuMicros: () => undefined });
    if (Math.abs(perSecond - before) < STEADY_SHARE * before) return true;
    before = perSecond;
  }
  return false;
}

interface Round {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  readonly requests: number | undefined;
  readonly clientMicros: number;
  readonly engineMicros: number | undefined;
}

interface Extent {
  readonly roundMs: number;
  readonly operations: number | undefined;
  readonly engineCpuMicros: () => number | undefined;
}

/** Operations that a worker does in a round whose time is over before. */
const MIN_OPERATIONS = 3;

async function runRound(side: Side, { roundMs, operations, engineCpuMicros }: Extent): Promise<Round> {
  const { concurrency = 1 } = side;
  const each = operations === undefined ? undefined : Math.max(1, Math.floor(operations / concurrency));
  await side.prepare?.();
  side.takeRequests?.();
  const latencies: number[] = [];
  const clientBefore = ownCpuMicros();
  const engineBefore = engineCpuMicros();
  const begun = performance.now();
  const goesOn = (done: number) =>
    each === undefined ? done < MIN_OPERATIONS || performance.now() - begun < roundMs : done < each;
  const work = async (worker: number) => {
    for (let done = 0; goesOn(done); done += 1) {
      const operationBegun = performance.now();
      await side.operate(worker);
      latencies.push(performance.now() - operationBegun);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
  const seconds = (performance.now() - begun) / 1_000;
  const engineAfter = engineCpuMicros();
  return {
    perSecond: latencies.length / seconds,
    latencies,
    requests: side.takeRequests?.(),
    clientMicros: ownCpuMicros() - clientBefore,
    engineMicros: engineBefore === undefined || engineAfter === undefined ? undefined : engineAfter - engineBefore,
  };
}

function summarize(run: {
  readonly side: Side;
  readonly rounds: readonly Round[];
  readonly isSteady: boolean;
}): Measured {
  const { side, rounds, isSteady } = run;
  const rates = rounds.map(({ perSecond }) => perSecond);
  const latencies = rounds.flatMap((round) => round.latencies);
  const engine = rounds.flatMap(({ engineMicros, latencies: { length } }) =>
    engineMicros === undefined ? [] : [engineMicros / length],
  );
  const requests = rounds.reduce((sum, round) => sum + (round.requests ?? 0), 0);
  return {
    side: side.name,
    opsPerSecond: median(rates),
    min: Math.min(...rates),
    max: Math.max(...rates),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    requestsPerOp: side.takeRequests ? requests / latencies.length : undefined,
    clientMicrosPerOp: median(rounds.map(({ clientMicros, latencies: { length } }) => clientMicros / length)),
    engineMicrosPerOp: engine.length === rounds.length ? median(engine) : undefined,
    operations: latencies.length,
    isSteady,
  };
}
