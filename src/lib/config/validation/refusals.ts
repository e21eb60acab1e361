import type { Path } from './problems.js';

/** Keys that one could expect to work, and why they don't. `*` stands for any one key. */
const refusals: readonly (readonly [pattern: readonly string[], reason: string])[] = [
  [
    ['streams', 'retry', 'maxAge'],
    'refused: a pointer that ages out is an event that is never retried; leave it out (no limit)',
  ],
  [['streams', 'retry', 'retention'], 'refused: always workqueue; leave it out'],
  [['streams', 'dlq', 'retention'], 'refused: always limits; leave it out'],
  [['streams', 'advisories', 'retention'], 'refused: always limits; leave it out'],
  // Known to every other consumer: only beside `external: true` these are unknown.
  [
    ['consumers', '*', 'handler'],
    'refused with external: true: its worker is another program; leave out one of the two',
  ],
  ...['concurrency', 'buffer', 'timeout', 'ordered', 'batch', 'confirmAcks', 'numbers'].map(
    (key) =>
      [
        ['consumers', '*', key],
        'refused with external: true: its worker is another program and decides this itself; leave it out',
      ] as const,
  ),
  [
    ['consumers', '*', 'retry'],
    'refused with external: true: there is no handler that a retry stage could run; leave it out',
  ],
];

/** Why a key is refused, or undefined when it is simply unknown. */
export function refusalOf(path: Path): string | undefined {
  return refusals.find(
    ([pattern]) =>
      pattern.length === path.length && pattern.every((part, i) => part === '*' || part === path[i]),
  )?.[1];
}
