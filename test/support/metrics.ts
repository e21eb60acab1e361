/** Values of a scrape, by name and labels as they are written: `plutomi_holding`, `plutomi_attempts_total{…}`. */
export function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The sum over all labels that hold each of these parts. */
export function sumOf(text: string, name: string, ...parts: readonly string[]): number {
  let sum = 0;
  for (const [series, value] of samplesOf(text)) {
    if (series.split('{')[0] === name && parts.every((part) => series.includes(part))) sum += value;
  }
  return sum;
}
