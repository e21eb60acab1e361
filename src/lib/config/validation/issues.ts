import type * as z from 'zod/mini';
import { closest } from '../../domain/closest.js';
import { durationMeant } from '../../domain/duration.js';
import { type Path, type Problems, show, showHidden, valueAt } from './problems.js';
import { keysAt } from '../schema/schema-keys.js';
import { refusalOf } from './refusals.js';
import { sizeMeant } from '../schema/size.js';

type Issue = z.core.$ZodIssue;

/** Says zod's issues in our one form: where, what was expected, and what was found instead. */
export function reportIssues(
  problems: Problems,
  raw: unknown,
  issues: readonly Issue[],
  base: Path = [],
): void {
  for (const issue of issues) {
    const path = [...base, ...(issue.path as Path)];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) if (key !== '__proto__') reportUnknownKey(problems, raw, path, key);
      continue;
    }
    const nested = issue.code === 'invalid_union' ? nearestShape(issue.errors) : undefined;
    if (nested) reportIssues(problems, raw, nested, path);
    else if (!problems.isBroken(path)) problems.addBroken(path, messageOf(issue, raw, path));
  }
}

function messageOf(issue: Issue, raw: unknown, path: Path): string {
  const value = valueAt(raw, path);
  const expected = expectedBy(issue);
  if (value === undefined && path.length > 0) return `required: ${expected}`;
  const shown = secretFields.includes(path.at(-1)) || path[0] === 'keys' ? showHidden(value) : show(value);
  const near = typeof value === 'string' ? meant(expected, value) : undefined;
  return `expected ${expected}, found ${shown}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** What was probably meant by a text that is not of the form that was expected. */
function meant(expected: string, value: string): string | undefined {
  if (expected.startsWith('a duration')) return durationMeant(value);
  if (expected.startsWith('a size')) return sizeMeant(value);
  const words = [...expected.matchAll(/"([^"]*)"/g)].map(([, word]) => word ?? '');
  return words.length === 0 ? undefined : closest(value, words);
}

function expectedBy(issue: Issue): string {
  return issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')
    ? `an ${issue.expected === 'record' ? 'object' : issue.expected}`
    : issue.message;
}

/** The shape of a union that the value was meant to have: the one that complains about what is inside the value. */
function nearestShape(shapes: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return shapes.find((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
}

/** Fields whose values may hold a secret. */
const secretFields: readonly unknown[] = ['url', 'webhook'];

/** The value of an unknown key is not shown: it may be a password. */
function reportUnknownKey(problems: Problems, raw: unknown, path: Path, key: string): void {
  const at = [...path, key];
  const refusal = refusalOf(at);
  if (refusal !== undefined) {
    problems.addBroken(at, refusal);
    return;
  }
  const known = keysAt(path, valueAt(raw, path));
  const meant = closest(key, known);
  const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`;
  problems.addBroken(at, `unknown key; ${hint}`);
}
