/** Limits of a server or an account that the defaults of a config can be beyond, and what to set then. */
const limits: readonly (readonly [RegExp, string])[] = [
  [
    /duplicates window can not be larger/,
    'set duplicateWindow of each stream in the config to at most that: streams.<stream>.duplicateWindow',
  ],
  [
    /requires a stream config to have max bytes set/,
    'set maxBytes of each stream in the config: streams.<stream>.maxBytes',
  ],
];

/** What to set in the config where the server refuses it for a limit of its own. */
export function limitsInTheWay(message: string): string[] {
  return limits.flatMap(([sign, what]) => (sign.test(message) ? [what] : []));
}
