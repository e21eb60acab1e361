import type { ConfigProblem } from '../../errors.js';
import { formatPath, parsePath } from './problems.js';
import { knownPart } from '../schema/schema-keys.js';
import { type OwnCommand, suggestCommand } from '../../suggestion.js';

/** More would be a page of commands. */
const mostLookUps = 3;

/** How to see what the keys with problems may be. */
export function keysToLookUp(problems: readonly ConfigProblem[]): OwnCommand[] {
  const keys = problems.map(({ path: at }) =>
    // Names are the user's own, and may need quotes in a shell; any other name does as well.
    formatPath(
      knownPart(parsePath(at))
        .filter((part) => typeof part === 'string')
        .map(plainKey),
    ),
  );
  return [...new Set(keys)].slice(0, mostLookUps).map((key) => {
    const isWhole = key === formatPath([]);
    return suggestCommand('config schema', {
      args: isWhole ? [] : [key],
      note: `what ${isWhole ? 'a config' : 'it'} may contain`,
    });
  });
}

function plainKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : 'any';
}
