/**
 * Merges sources that are sorted by `compare` into one that is. The next page of each source is read
 * when its last one is given out, all such pages at the same time. At most one page of each is held.
 */
export async function* mergePages<T>(
  iterables: readonly AsyncIterable<readonly T[]>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T[]> {
  const sources: Source<T>[] = iterables.map((pages) => ({
    pages: pages[Symbol.asyncIterator](),
    waiting: [],
    isDone: false,
  }));
  try {
    for (;;) {
      await Promise.all(sources.map(fill));
      const lasts = sources.flatMap(({ waiting }) => waiting.slice(-1)).sort(compare);
      const [bound] = lasts;
      if (bound === undefined) return;
      yield takeUpTo(sources, bound, compare).sort(compare);
    }
  } finally {
    await Promise.all(sources.map(({ pages }) => pages.return?.()));
  }
}

/** One sorted source, read page by page. */
interface Source<T> {
  readonly pages: AsyncIterator<readonly T[]>;
  waiting: readonly T[];
  isDone: boolean;
}

async function fill<T>(source: Source<T>): Promise<void> {
  while (source.waiting.length === 0 && !source.isDone) {
    const { value, done } = await source.pages.next();
    if (done) source.isDone = true;
    else source.waiting = value;
  }
}

/** Takes from every source what is not after `bound`. */
function takeUpTo<T>(sources: readonly Source<T>[], bound: T, compare: (a: T, b: T) => number): T[] {
  return sources.flatMap((source) => {
    const end = source.waiting.findIndex((one) => compare(one, bound) > 0);
    const taken = end === -1 ? source.waiting : source.waiting.slice(0, end);
    source.waiting = source.waiting.slice(taken.length);
    return taken;
  });
}
