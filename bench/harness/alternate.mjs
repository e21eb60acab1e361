/** The middle one of some figures; the mean of the two in the middle where there are two. */
export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs contenders in turn, `runs` times: what the machine does beside it meets all of them alike. Each gives a
 * figure, or an object of figures; returns the medians under the contenders' names, with all figures in `all`.
 */
export async function alternate(runs, contenders) {
  const all = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, contender] of Object.entries(contenders)) all[name].push(await contender(run));
  }
  return {
    ...Object.fromEntries(Object.entries(all).map(([name, figures]) => [name, medianOf(figures)])),
    all,
  };
}

function medianOf(figures) {
  if (typeof figures[0] === 'number') return median(figures);
  return Object.fromEntries(
    Object.keys(figures[0]).map((key) => [key, median(figures.map((one) => one[key]))]),
  );
}
