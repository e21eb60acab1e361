import { expect, test } from 'vitest';
import { selectConsumers } from '../../../src/lib/waterfall/select-consumers.js';
import { makeConfig } from '../../support/config.js';
import { worded } from '../../support/suggestions.js';

const config = makeConfig({
  consumers: [{ name: 'notifications-consumer' }, { name: 'analytics-consumer' }, { name: 'audit' }],
});
const namesOf = (only: readonly string[] | undefined) =>
  selectConsumers(config, only).map(({ name }) => name);

test.each([
  ['without --only', undefined, ['notifications-consumer', 'analytics-consumer', 'audit']],
  ['with one name', ['analytics-consumer'], ['analytics-consumer']],
  [
    'with several names, in the order of the config',
    ['audit', 'notifications-consumer'],
    ['notifications-consumer', 'audit'],
  ],
  ['with a name twice', ['audit', 'audit'], ['audit']],
])('%s', (_what, only, names) => {
  expect(namesOf(only)).toEqual(names);
});

test('a name that the config does not have is refused, with those that it has and the one that was meant', () => {
  expect(() => namesOf(['audit', 'analitics-consumer'])).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message:
        '--only: the config has no consumer "analitics-consumer"; it has notifications-consumer, analytics-consumer, audit',
      suggestions: [worded('did you mean: --only analytics-consumer')],
    }),
  );
});

test('a config without consumers has none to name', () => {
  const none = makeConfig({ consumers: [] });
  expect(selectConsumers(none, undefined)).toEqual([]);
  expect(() => selectConsumers(none, ['x'])).toThrow(/it has none/);
});
