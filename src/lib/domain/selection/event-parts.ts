/** What a value is compared with: text, or a number where there is one. */
export type Candidate = string | number;

/** All values of a header, whatever the case of its name. */
export function headerCandidates(
  headers: Readonly<Record<string, readonly string[]>>,
  name: string,
): readonly string[] {
  const lower = name.toLowerCase();
  return Object.entries(headers).flatMap(([key, values]) => (key.toLowerCase() === lower ? values : []));
}

/** An object matches nothing but `*`. */
const anObject = '{…}';

/** What stands at a path. Of a list, a number names an item; without one each item is meant. */
export function pathCandidates(data: unknown, steps: readonly string[]): Candidate[] {
  const [step, ...rest] = steps;
  if (Array.isArray(data)) {
    if (step !== undefined && /^\d{1,9}$/.test(step)) return pathCandidates(data[Number(step)], rest);
    // A list in a list is one more step: depth is bounded by the path.
    return data.flatMap((item: unknown) => (Array.isArray(item) ? [] : pathCandidates(item, steps)));
  }
  if (step === undefined) return leaf(data);
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, step)) return [];
  return pathCandidates((data as Readonly<Record<string, unknown>>)[step], rest);
}

function leaf(value: unknown): Candidate[] {
  switch (typeof value) {
    case 'string':
    case 'number':
      return [value];
    case 'boolean':
      return [String(value)];
    case 'object':
      return [value === null ? 'null' : anObject];
    default:
      return [];
  }
}
