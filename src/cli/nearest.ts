/** The known name that a misspelt one most likely means; undefined when none is near. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const near = known
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(one.name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name ?? known.find((name) => wanted.length >= 3 && name.toLowerCase().startsWith(wanted));
}

/** `; did you mean NAME?`, or nothing. */
export function suggestion(given: string, known: readonly string[]): string {
  const name = nearest(given, known);
  return name === undefined ? "" : `; did you mean ${name}?`;
}

/** Letters to add, drop, change, or swap with the next. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const changed = valueAt(last, column - 1) + (isSame ? 0 : 1);
      next.push(Math.min(valueAt(last, column) + 1, valueAt(next, column - 1) + 1, changed));
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwapped) next[column] = Math.min(valueAt(next, column), valueAt(before, column - 2) + 1);
    }
    before = last;
    last = next;
  }
  return valueAt(last, b.length);
}

const valueAt = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
