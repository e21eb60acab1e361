import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveTarget } from '../../../src/lib/connection/resolve-target.js';
import type { TargetFlags, TargetOptions } from '../../../src/lib/connection/target-options.js';
import type { ConnectionTarget } from '../../../src/lib/nats/connect/target.js';
import { creds, homeWith, seed } from './contexts.js';

const contexts = {
  prod: { url: 'nats://prod:4222', user: 'prod-user', password: 'prod-pw', jetstream_domain: 'hub' },
  bare: { url: 'nats://bare:4222' },
  login: { user: 'login-user', password: 'login-pw' },
};
const files = { 'a.creds': creds, 'a.nk': seed, 'ca.pem': 'x', 'cert.pem': 'x', 'key.pem': 'x' };

interface Facts {
  readonly flags?: TargetFlags;
  readonly variables?: Record<string, string>;
  readonly configured?: TargetOptions['configured'];
  readonly local?: TargetOptions['local'];
}

async function target({ flags = {}, variables = {}, configured, local }: Facts): Promise<ConnectionTarget> {
  const { environment } = await homeWith(contexts, files, variables);
  return resolveTarget({
    flags,
    environment,
    name: 'me',
    timeoutMs: 5000,
    ...(configured ? { configured } : {}),
    ...(local ? { local } : {}),
  });
}

const everything: Facts = {
  flags: { server: 'flag:1' },
  variables: { NATS_URL: 'env:2', NATS_CONTEXT: 'bare' },
  configured: { url: 'config:3' },
  local: async () => ({ url: 'nats://127.0.0.1:4' }),
};

describe('which server', () => {
  test.each<[string, Facts, string, string]>([
    ['the flag', everything, 'nats://flag:1', '--server'],
    [
      'then the context of the flag',
      { ...everything, flags: { context: 'prod' } },
      'nats://prod:4222',
      'context prod',
    ],
    ['then NATS_URL', { ...everything, flags: {} }, 'nats://env:2', 'NATS_URL'],
    [
      'then the context of NATS_CONTEXT',
      { ...everything, flags: {}, variables: { NATS_CONTEXT: 'bare' } },
      'nats://bare:4222',
      'context bare',
    ],
    [
      'then the config file',
      { ...everything, flags: {}, variables: {} },
      'nats://config:3',
      'the config file',
    ],
    [
      'or the context that it names',
      { configured: { context: 'bare' }, local: everything.local },
      'nats://bare:4222',
      'context bare of the config file',
    ],
    [
      'then the server of this folder',
      { local: async () => ({ url: 'nats://127.0.0.1:4' }) },
      'nats://127.0.0.1:4',
      'the server of this folder',
    ],
    ['then the default', {}, 'nats://127.0.0.1:4222', 'the default'],
    [
      'a context without a server leaves it to the next',
      { flags: { context: 'login' }, configured: { url: 'config:3' } },
      'nats://config:3',
      'the config file',
    ],
  ])('%s', async (_, facts, server, source) => {
    expect(await target(facts)).toMatchObject({ servers: [server], source });
  });

  test('the selected context of the nats CLI is never used silently', async () => {
    const { environment, folder } = await homeWith(contexts);
    await writeFile(join(folder, 'config/nats/context.txt'), 'prod');
    const resolved = await resolveTarget({ flags: {}, environment, name: 'me', timeoutMs: 1 });
    expect(resolved.servers).toEqual(['nats://127.0.0.1:4222']);
  });

  test.each<[string, readonly string[]]>([
    ['localhost', ['nats://localhost:4222']],
    ['nats://a:1, b:2 ,tls://c', ['nats://a:1', 'nats://b:2', 'tls://c:4222']],
    ['NATS://A:1/', ['nats://A:1']],
    ['[::1]:4333', ['nats://[::1]:4333']],
  ])('%s is read as %j', async (server, servers) => {
    expect((await target({ flags: { server } })).servers).toEqual(servers);
  });
});

describe('as whom', () => {
  test.each<[string, Facts, ConnectionTarget['auth']]>([
    ['nobody', { flags: { server: 'a' } }, undefined],
    ['--user and --password', { flags: { user: 'u', password: 'p' } }, { user: 'u', password: 'p' }],
    ['--user alone is a token', { flags: { user: 'u' } }, { token: 'u' }],
    [
      '--user with NATS_PASSWORD',
      { flags: { user: 'u' }, variables: { NATS_PASSWORD: 'p' } },
      { user: 'u', password: 'p' },
    ],
    [
      'NATS_USER with --password',
      { flags: { password: 'p' }, variables: { NATS_USER: 'u' } },
      { user: 'u', password: 'p' },
    ],
    [
      'NATS_USER and NATS_PASSWORD',
      { variables: { NATS_USER: 'u', NATS_PASSWORD: 'p' } },
      { user: 'u', password: 'p' },
    ],
    ['NATS_USER alone is a token', { variables: { NATS_USER: 'u' } }, { token: 'u' }],
    ['NATS_PASSWORD alone is nobody', { variables: { NATS_PASSWORD: 'p' } }, undefined],
    ['--creds', { flags: { creds: 'a.creds' } }, { creds }],
    ['--nkey', { flags: { nkey: 'a.nk' } }, { nkeySeed: seed }],
    ['those in a URL', { flags: { server: 'nats://u:p%40@a:1' } }, { user: 'u', password: 'p@' }],
    ['a token in a URL', { flags: { server: 'nats://tok@a:1' } }, { token: 'tok' }],
    ['a flag wins over those in a URL', { flags: { server: 'nats://u:p@a', creds: 'a.creds' } }, { creds }],
    [
      '--server with --context',
      { flags: { server: 'a', context: 'prod' } },
      { user: 'prod-user', password: 'prod-pw' },
    ],
    [
      '--server with NATS_CONTEXT',
      { flags: { server: 'a' }, variables: { NATS_CONTEXT: 'prod' } },
      { user: 'prod-user', password: 'prod-pw' },
    ],
    [
      '--context wins over NATS_USER and NATS_URL',
      { flags: { context: 'prod' }, variables: { NATS_URL: 'u:p@env', NATS_USER: 'x', NATS_PASSWORD: 'y' } },
      { user: 'prod-user', password: 'prod-pw' },
    ],
    [
      'NATS_USER wins over NATS_CONTEXT',
      { variables: { NATS_CONTEXT: 'prod', NATS_USER: 'x', NATS_PASSWORD: 'y' } },
      { user: 'x', password: 'y' },
    ],
    [
      'the context of the config',
      { configured: { context: 'prod' } },
      { user: 'prod-user', password: 'prod-pw' },
    ],
    [
      'its URL with its context',
      { configured: { url: 'a', context: 'prod' } },
      { user: 'prod-user', password: 'prod-pw' },
    ],
    [
      "the config's are not sent to another server",
      { flags: { server: 'a' }, configured: { context: 'prod' } },
      undefined,
    ],
    [
      "the config's URL holds credentials, another server is named",
      { variables: { NATS_URL: 'a' }, configured: { url: 'u:p@b' } },
      undefined,
    ],
  ])('%s', async (_, facts, auth) => {
    expect((await target(facts)).auth).toEqual(auth);
  });

  test('credentials of a URL are not in what is shown', async () => {
    expect((await target({ flags: { server: 'nats://u:p@a:1' } })).servers).toEqual(['nats://a:1']);
  });

  test('a context that the config names is not even read when a flag names a server', async () => {
    expect(await target({ flags: { server: 'a' }, configured: { context: 'nope' } })).toMatchObject({
      servers: ['nats://a:4222'],
    });
  });
});

describe('the rest', () => {
  test('domain of a context; name and timeout as given', async () => {
    expect(await target({ flags: { context: 'prod' } })).toMatchObject({
      domain: 'hub',
      name: 'me',
      timeoutMs: 5000,
    });
  });

  test('TLS files of the flags', async () => {
    const { tls } = await target({ flags: { tlsca: 'ca.pem', tlscert: 'cert.pem', tlskey: 'key.pem' } });
    expect(tls).toEqual({
      caFile: expect.stringMatching(/^\/.*\/ca\.pem$/),
      certFile: expect.stringMatching(/^\/.*\/cert\.pem$/),
      keyFile: expect.stringMatching(/^\/.*\/key\.pem$/),
    });
  });

  test('tls:// asks for TLS, nats:// does not', async () => {
    expect((await target({ flags: { server: 'tls://a' } })).tls).toEqual({});
    expect((await target({ flags: { server: 'nats://a' } })).tls).toBeUndefined();
  });
});

describe('what it refuses, without secrets in the message', () => {
  test.each<[string, Facts, string]>([
    [
      'a scheme',
      { flags: { server: 'https://u:hunter2@a' } },
      '--server: expected a server like nats://host:4222, found "https://…@a" (only nats:// and tls:// are supported)',
    ],
    [
      'websockets',
      { variables: { NATS_URL: 'wss://a' } },
      'NATS_URL: expected a server like nats://host:4222, found "wss://a" (only nats:// and tls:// are supported)',
    ],
    [
      'a port',
      { flags: { server: 'hunter2@a:99999' } },
      '--server: expected a server like nats://host:4222, found "…@a:99999" (not a URL)',
    ],
    [
      'nothing',
      { flags: { server: 'a,,b' } },
      '--server: expected a server like nats://host:4222, found "" (empty)',
    ],
    ['a path', { flags: { server: 'nats://a/x' } }, 'found "nats://a/x" (more than host and port)'],
    [
      'two ways to log in',
      { flags: { creds: 'a.creds', nkey: 'a.nk' } },
      '--creds and --nkey exclude each other: expected one way to log in',
    ],
    [
      'a user beside creds',
      { flags: { creds: 'a.creds', user: 'u' } },
      '--creds and --user exclude each other: expected one way to log in',
    ],
    [
      'a password beside creds',
      { flags: { creds: 'a.creds', password: 'hunter2' } },
      '--password is given without a user',
    ],
    ['a password alone', { flags: { password: 'hunter2' } }, '--password is given without a user'],
    [
      'a creds file that is not there',
      { flags: { creds: 'none' } },
      "--creds: can't read none: there is no such file (looked at /",
    ],
    [
      'a creds file that is none',
      { flags: { creds: 'a.nk' } },
      '--creds a.nk: expected credentials with a user JWT and its seed, found something else',
    ],
    [
      'an nkey file that is none',
      { flags: { nkey: 'ca.pem' } },
      '--nkey ca.pem: expected the seed of a user nkey (it starts with SU), found something else',
    ],
    [
      'a certificate that is not there',
      { flags: { tlsca: 'none.pem' } },
      "--tlsca: can't read none.pem: there is no such file",
    ],
    ['an unknown context', { flags: { context: 'prd' } }, 'unknown context "prd"'],
  ])('%s', async (_, facts, message) => {
    const error: unknown = await target(facts).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 2 });
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('hunter2');
    expect((error as Error).message).not.toContain(seed);
  });
});

test.each(['NATS_CREDS', 'NATS_NKEY', 'NATS_CA'])('~/ in %s is the home folder', async (name) => {
  const file = { NATS_CREDS: 'a.creds', NATS_NKEY: 'a.nk', NATS_CA: 'ca.pem' }[name] ?? '';
  const { auth, tls } = await target({ variables: { [name]: `~/${file}` } });
  expect(auth ?? tls).toBeDefined();
});

test('quotes around the path of a file are named', async () => {
  await expect(target({ variables: { NATS_CREDS: '"/run/a.creds"' } })).rejects.toThrow(
    'there is no such file; the quotes are a part of it: docker run --env-file keeps them',
  );
});
