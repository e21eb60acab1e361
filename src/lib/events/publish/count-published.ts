/** By the name of a pipeline: whoever publishes in this process, its handlers among them. */
const counting = new Map<string, Map<string, number>>();

/** Types that are in no config are one: there may be any number. */
export const otherType = 'other';

/** Counts what this process stores from now on, by type. Before that, it costs a publisher nothing to speak of. */
export function countPublished(pipeline: string): ReadonlyMap<string, number> {
  const known = counting.get(pipeline);
  if (known) return known;
  const counts = new Map<string, number>();
  counting.set(pipeline, counts);
  return counts;
}

/** One more is stored. */
export function published(pipeline: string, type: string): void {
  const counts = counting.get(pipeline);
  counts?.set(type, (counts.get(type) ?? 0) + 1);
}
