import type { ConfigProblem } from '../../errors.js';
import { formatPath, parsePath } from './problems.js';
import { knownPart } from '../schema/schema-keys.js';

/** More would be a page of commands. */
const mostLookUps = 3;

/** How to see what the keys with problems may be. */
export function keysToLookUp(problems: readonly ConfigProblem[]): string[] {
  const keys = problems.map(({ path: at }) =>
    // Names are the user's own, and may need quotes in a shell; any other name does as well.
    formatPath(
      knownPart(parsePath(at))
        .filter((part) => typeof part === 'string')
        .map(plainKey),
    ),
  );
  const different = [...new Set(keys)].map((key) => (key === formatPath([]) ? '' : ` ${key}`));
  return different
    .slice(0, mostLookUps)
    .map((key) => `plutomi-events config schema${key}   # what ${key === '' ? 'a config' : 'it'} may say`);
}

function plainKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : 'any';
}
