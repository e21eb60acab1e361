import { type Suggestion, suggestCommand } from '../../suggestion.js';

/** Limits of a server or an account that the defaults of a config can be beyond, and what to set then. */
const limits: readonly (readonly [RegExp, Suggestion])[] = [
  [
    /operation on sealed stream/,
    suggestCommand('pipeline apply', {
      flags: { 'dry-run': true },
      note: 'nothing opens a sealed stream again; what it takes to make it anew',
    }),
  ],
  [
    /duplicates window can not be larger/,
    'set duplicateWindow of each stream in the config to at most that: streams.<stream>.duplicateWindow',
  ],
  [
    /requires a stream config to have max bytes set/,
    'set maxBytes of each stream in the config: streams.<stream>.maxBytes',
  ],
];

/** What to do where the server refuses something for a limit of its own. */
export function limitsInTheWay(message: string): Suggestion[] {
  return limits.flatMap(([sign, what]) => (sign.test(message) ? [what] : []));
}
