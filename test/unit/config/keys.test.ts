import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/lib/config/resolve.js';
import { problemsOf, validated, validConfig } from './valid-config.js';

const keyItself = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=';

describe('keys', () => {
  test('are references, in the resolved config too', async () => {
    const keys = { current: 'env://KEY', previous: ['file:///run/secrets/old'] };
    const events = { 'totp.requested': { encrypt: true }, 'user.created': { encrypt: false } };
    const { parsed } = await validated({ ...validConfig(), keys, events });
    const config = parsed && resolveConfig(parsed, '/etc/p/plutomi-events.config.json');
    expect(config?.keys).toEqual(keys);
    expect(config?.events.map(({ encrypt }) => encrypt)).toEqual([true, undefined]);
  });

  test('have no place in a config themselves, and are not shown', async () => {
    const expected = 'expected env://NAME or file://<path>, and never the key itself, found a string that';
    const problems = await problemsOf({
      ...validConfig(),
      keys: { current: keyItself, previous: ['env://', keyItself] },
    });
    expect(problems).toEqual([
      `keys.current: ${expected} is not one (not shown: it may hold a secret)`,
      'keys.previous[0]: expected env://NAME or file://<path>, and never the key itself, found "env://…"',
      `keys.previous[1]: ${expected} is not one (not shown: it may hold a secret)`,
    ]);
  });

  test('must be there for what says encrypt: true', async () => {
    expect(await problemsOf({ ...validConfig(), events: { 'totp.requested': { encrypt: true } } })).toEqual([
      'events["totp.requested"].encrypt: expected keys: { current: \'env://NAME\' } at the root of the config, found nothing to encrypt with',
    ]);
  });
});

test('an envelope has a key for each thing, and a header has a name', async () => {
  expect(await problemsOf({ ...validConfig(), envelope: { type: 'a', id: 'a', payload: 'b' } })).toEqual([
    'envelope.id: expected a key of its own, found that of type: "a"',
  ]);
  expect(await problemsOf({ ...validConfig(), correlationHeader: 'Nats-X' })).toEqual([
    'correlationHeader: expected a header name of printable ASCII without space and colon, not Nats-…, found "Nats-X"',
  ]);
  const { parsed } = await validated({ ...validConfig(), envelope: { type: 'kind' } });
  const config = parsed && resolveConfig(parsed, '/etc/p/plutomi-events.config.json');
  expect(config?.envelope).toEqual({ payload: 'payload', type: 'kind' });
  expect(config?.correlationHeader).toBeUndefined();
});
