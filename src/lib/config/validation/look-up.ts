import type { ConfigProblem } from '../../errors.js';
import { formatPath, parsePath, type Problems } from './problems.js';
import { knownPart } from '../schema/schema-keys.js';
import { type OwnCommand, suggestCommand, type Suggestion } from '../../suggestion.js';

/** More would be a page of commands. */
const mostLookUps = 3;

/** What to do about the problems of a config. */
export function curesOf({ unset, ofKeys }: Problems): Suggestion[] {
  return [...toSet([...unset]), ...keysToLookUp(ofKeys)];
}

function toSet(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    `set ${names.join(' and ')} in the environment or in .env, or write a default: \${${names[0]}:-default}`,
  ];
}

/** How to see what the keys with problems may be. */
function keysToLookUp(problems: readonly ConfigProblem[]): OwnCommand[] {
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
