/** All items of a source, each as something else. */
export async function collect<T, R>(source: AsyncIterable<T>, take: (item: T) => R): Promise<R[]> {
  const all: R[] = [];
  for await (const item of source) all.push(take(item));
  return all;
}
