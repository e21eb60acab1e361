const bars = '▁▂▃▄▅▆▇█';

/** A bar for each count, its height a part of the largest; a blank where nothing is. `width`: a divisor of their number. */
export function renderSparkline(counts: readonly number[], width = counts.length): string {
  const each = Math.max(1, Math.ceil(counts.length / width));
  const sums = Array.from({ length: Math.ceil(counts.length / each) }, (_, at) =>
    counts.slice(at * each, (at + 1) * each).reduce((sum, one) => sum + one, 0),
  );
  const most = Math.max(1, ...sums);
  // Whatever is there is seen.
  return sums
    .map((count) => (count === 0 ? ' ' : (bars[Math.ceil((count / most) * bars.length) - 1] ?? ' ')))
    .join('');
}
