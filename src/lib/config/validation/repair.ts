import type { Path } from './problems.js';

type Container = Record<string | number, unknown>;

/**
 * A copy of a config without what is broken, so that the rest can be checked too: a broken value is left out (its
 * default then stands in for it), a missing one gets a placeholder. Undefined when nothing is left.
 */
export function withoutBroken(raw: unknown, broken: readonly Path[]): unknown {
  let repaired = raw;
  for (const path of broken) {
    const end = path.findIndex((part) => typeof part === 'number');
    repaired = replaced(repaired, end === -1 ? path : path.slice(0, end));
  }
  return repaired;
}

function replaced(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Container = { ...(value as Container) };
  if (rest.length > 0) copy[key] = replaced(copy[key], rest);
  else if (copy[key] === undefined) copy[key] = 'missing';
  else delete copy[key];
  return copy;
}
