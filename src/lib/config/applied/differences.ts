import { formatPath, type Path } from '../validation/problems.js';
import type { StoredConfig } from './stored-config.js';

/** Where two configs differ, as paths of the config file: `consumers.orders.attempts`. */
export function differencesOf(one: StoredConfig, other: StoredConfig): string[] {
  return [...differing(one, other, [])].map(formatPath);
}

function* differing(one: unknown, other: unknown, at: Path): Generator<Path> {
  if (isPlain(one) && isPlain(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    for (const key of keys) yield* differing(one[key], other[key], [...at, key]);
  } else if (JSON.stringify(one) !== JSON.stringify(other)) yield at;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
