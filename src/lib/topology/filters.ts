import { filterContains } from '../domain/subjects.js';

/** The filter of the subjects that both match, or undefined when there are none. */
export function intersectFilters(a: string, b: string): string | undefined {
  const x = a.split('.');
  const y = b.split('.');
  const out: string[] = [];
  for (let i = 0; ; i++) {
    const [l, r] = [x[i], y[i]];
    if (l === undefined || r === undefined) return l === r ? out.join('.') : undefined;
    if (l === '>') return [...out, ...y.slice(i)].join('.');
    if (r === '>') return [...out, ...x.slice(i)].join('.');
    if (l !== r && l !== '*' && r !== '*') return undefined;
    out.push(l === '*' ? r : l);
  }
}

/** The filters of `all` that match more than `others` do together, each with the part that `others` match. */
export function beyond(
  all: readonly string[],
  others: readonly string[],
): readonly { readonly filter: string; readonly shared: readonly string[] }[] {
  return all
    .filter((filter) => !others.some((other) => filterContains(other, filter)))
    .map((filter) => ({
      filter,
      shared: others.flatMap((other) => intersectFilters(filter, other) ?? []),
    }));
}
