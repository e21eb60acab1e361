import { describe, expect, test } from 'vitest';
import { callerOf, type PlaceFlags, programName } from '../../../../src/lib/cli/output/caller.js';

const secret = 's3cret';

describe('callerOf', () => {
  test.each<[string, PlaceFlags, string, string]>([
    ['nothing', {}, '', ''],
    ['a context', { context: 'prod' }, '--context prod', '--context prod'],
    ['a server', { server: 'nats://a:4222,b' }, '--server nats://a:4222,b', '--server nats://a:4222,b'],
    [
      'files and a domain',
      { creds: 'my file.creds', tlsca: '/ca.pem', 'tls-first': true, 'js-domain': 'hub' },
      "--creds 'my file.creds' --tlsca /ca.pem --tls-first --js-domain hub",
      "--creds 'my file.creds' --tlsca /ca.pem --tlsfirst --js-domain hub",
    ],
    ['a config, which only we read', { config: './x.json' }, '--config ./x.json', ''],
    [
      'a password',
      { user: 'ada', password: secret },
      '--user ada --password <password>',
      '--user ada --password <password>',
    ],
    ['a token', { token: secret }, '--token <token>', '--token <token>'],
    ['a user that is a token', { user: secret }, '--user <user>', '--user <user>'],
    [
      'credentials in a URL',
      { server: `nats://ada:${secret}@a:4222` },
      '--server <servers>',
      '--server <servers>',
    ],
    [
      'a password with an @ and no host',
      { server: `nats://ada:s3@${secret}` },
      '--server <servers>',
      '--server <servers>',
    ],
    [
      'credentials of one of several',
      { server: `nats://b,nats://ada:${secret}@a:4222` },
      '--server <servers>',
      '--server <servers>',
    ],
    [
      'credentials with a comma',
      { server: `nats://ada:${secret},${secret}@a:4222` },
      '--server <servers>',
      '--server <servers>',
    ],
  ])('%s', (_what, flags, own, nats) => {
    const { toServer, others } = callerOf(flags);
    expect(toServer.join(' ')).toBe(own);
    expect(others['nats']?.join(' ')).toBe(nats);
  });

  test('a user with a password from the environment is repeated', () => {
    expect(callerOf({ user: 'ada' }, { natsPassword: secret }).toServer).toEqual(['--user', 'ada']);
  });

  test('the nats CLI is told of a server that it would not find', () => {
    const servers = 'nats://127.0.0.1:5222';
    expect(callerOf({}, { servers })).toMatchObject({
      toServer: [],
      others: { nats: ['--server', servers] },
    });
    expect(callerOf({}, { servers, natsUrl: servers }).others).toEqual({ nats: [] });
    expect(callerOf({}, { servers, natsContext: 'prod' }).others).toEqual({ nats: [] });
    expect(callerOf({ context: 'prod' }, { servers }).others).toEqual({ nats: ['--context', 'prod'] });
  });
});

test.each([
  ['/usr/bin/plutomi-events', 'plutomi-events'],
  ['/app/bin/run.js', 'plutomi-events'],
  ['/app/node_modules/.bin/plutomi-events', 'npx plutomi-events'],
  ['/home/ada/.npm/_npx/1f/node_modules/.bin/plutomi-events', 'npx plutomi-events'],
  [undefined, 'plutomi-events'],
])('called as %s it is %s', (script, name) => {
  expect(programName(script)).toBe(name);
});
