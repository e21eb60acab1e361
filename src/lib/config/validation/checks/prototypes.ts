import type { Path, Problems } from '../problems.js';

/**
 * A key `__proto__` is not a normal key: in JSON it vanishes in a copy, in JavaScript it gives the object what it doesn't show.
 * Schemas of events are objects of others, with prototypes of their own.
 */
export function checkPrototypes(raw: unknown, problems: Problems): void {
  visit(raw, [], problems, new Set());
}

function visit(value: unknown, path: Path, problems: Problems, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value) || path.at(-1) === 'schema') return;
  seen.add(value);
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) visit(one, [...path, i], problems, seen);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (
    Object.hasOwn(value, '__proto__') ||
    (prototype !== null && Object.getPrototypeOf(prototype) !== null)
  ) {
    problems.addBroken(
      [...path, '__proto__'],
      'this name is not allowed: JavaScript takes it for something else',
    );
  }
  for (const [key, one] of Object.entries(value)) {
    if (key !== '__proto__') visit(one, [...path, key], problems, seen);
  }
}
