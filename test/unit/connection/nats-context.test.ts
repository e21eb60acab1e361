import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readContext } from '../../../src/lib/connection/nats-context.js';
import { creds, homeWith, seed } from './contexts.js';

const base64 = (text: string): string => `data:;base64,${Buffer.from(text).toString('base64')}`;

/** What a context with these fields says. */
async function read(
  fields: Record<string, unknown>,
  files: Record<string, string> = {},
  variables: Record<string, string> = {},
) {
  const { environment } = await homeWith({ prod: fields }, files, variables);
  return readContext('prod', environment);
}

describe('fields', () => {
  test('the file that the nats CLI writes for a bare server', async () => {
    const written = {
      description: '',
      url: 'nats://a:4222,nats://b:4222',
      socks_proxy: '',
      token: '',
      user: '',
      password: '',
      creds: '',
      nkey: '',
      cert: '',
      key: '',
      ca: '',
      nsc: '',
      jetstream_domain: '',
      jetstream_api_prefix: '',
      jetstream_event_prefix: '',
      inbox_prefix: '',
      user_jwt: '',
      color_scheme: '',
      tls_first: false,
      windows_cert_store: '',
      windows_ca_certs_match: null,
    };
    expect(await read(written)).toEqual({ url: 'nats://a:4222,nats://b:4222' });
  });

  test('domain, prefixes and TLS', async () => {
    const files = { 'ca.pem': 'x', 'cert.pem': 'x', 'key.pem': 'x' };
    const fields = {
      jetstream_domain: 'hub',
      jetstream_api_prefix: 'js.hub',
      inbox_prefix: '_INBOX.me',
      ca: '~/ca.pem',
      cert: '$HOME/cert.pem',
      key: 'file://${HOME}/key.pem',
      tls_first: true,
    };
    const { environment, folder } = await homeWith({ prod: fields }, files);
    expect(await readContext('prod', environment)).toEqual({
      domain: 'hub',
      apiPrefix: 'js.hub',
      inboxPrefix: '_INBOX.me',
      tls: {
        caFile: `${folder}/ca.pem`,
        certFile: `${folder}/cert.pem`,
        keyFile: `${folder}/key.pem`,
        first: true,
      },
    });
  });
});

describe('credentials', () => {
  test.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['user and password', { user: 'ann', password: 'pw' }, { user: 'ann', password: 'pw' }],
    ['user alone', { user: 'ann' }, { user: 'ann' }],
    ['token', { token: 't' }, { token: 't' }],
    [
      'a user goes before the rest, a token beside it',
      { user: 'ann', creds: 'a.creds', token: 't' },
      { user: 'ann', token: 't' },
    ],
    ['creds file', { creds: 'a.creds' }, { creds }],
    ['creds file in the home folder', { creds: '~/a.creds' }, { creds }],
    ['creds file behind a variable', { creds: '${WHERE}/a.creds' }, { creds }],
    ['creds as file://', { creds: 'file://$WHERE/a.creds' }, { creds }],
    ['creds inline', { creds: base64(creds) }, { creds }],
    ['creds from a variable', { creds: 'env://CREDS' }, { creds }],
    ['creds go before nkey', { creds: 'a.creds', nkey: 'a.nk' }, { creds }],
    ['nkey file', { nkey: 'a.nk' }, { nkeySeed: seed }],
    ['nkey inline', { nkey: base64(seed) }, { nkeySeed: seed }],
    ['nkey goes before a JWT', { nkey: 'a.nk', user_jwt: 'jwt' }, { nkeySeed: seed }],
    [
      'JWT with seed',
      { user_jwt: 'jwt', user_seed: base64(`${seed}\n`) },
      { userJwt: 'jwt', userSeed: seed },
    ],
    ['JWT alone', { user_jwt: 'jwt' }, { userJwt: 'jwt' }],
    ['password from a variable', { user: 'ann', password: 'env://PW' }, { user: 'ann', password: 'secret' }],
    [
      'password from a file',
      { user: 'ann', password: 'file://~/pw' },
      { user: 'ann', password: 'from file' },
    ],
    ['token inline', { token: 'DATA:text/plain;base64,dA==' }, { token: 't' }],
    [
      'a password that looks like a URL of another kind',
      { user: 'a', password: 'x://y' },
      { user: 'a', password: 'x://y' },
    ],
  ])('%s', async (_, fields, auth) => {
    const files = { 'a.creds': creds, 'a.nk': `# mine\n${seed}\n`, pw: 'from file\r\n' };
    const { environment, folder } = await homeWith({ prod: fields }, files, { PW: 'secret', CREDS: creds });
    const withWhere = { ...environment, variables: { ...environment.variables, WHERE: folder } };
    expect((await readContext('prod', withWhere)).auth).toEqual(auth);
  });
});

describe('what it refuses, without secrets in the message', () => {
  test.each<[string, Record<string, unknown> | string, string]>([
    ['a file that is no JSON', '{"password": "hunter2"', 'is not a JSON object'],
    ['a list', '[]', 'is not a JSON object'],
    [
      '1Password',
      { token: 'op://vault/hunter2' },
      'context prod: token: references of the kind op:// are not supported; use a file, env:// or file://',
    ],
    [
      'nsc',
      { creds: 'nsc://operator/hunter2' },
      'context prod: creds: references of the kind nsc:// are not supported; use a file, env:// or file://',
    ],
    ['the old nsc field', { nsc: 'nsc://a/b' }, 'context prod: nsc: this is not supported'],
    ['a proxy', { socks_proxy: 'socks5://hunter2' }, 'context prod: socks_proxy: this is not supported'],
    [
      'a certificate store',
      { windows_cert_store: 'user' },
      'context prod: windows_cert_store: this is not supported',
    ],
    [
      'a variable that is not set',
      { token: 'env://NOPE' },
      'context prod: token: the variable NOPE is not set',
    ],
    [
      'plain data',
      { token: 'data:,hunter2' },
      'context prod: token: expected a reference like data:;base64,…',
    ],
    [
      'a missing file',
      { creds: '~/none.creds' },
      "context prod: creds: can't read <folder>/none.creds: there is no such file (looked at <folder>/none.creds)",
    ],
    [
      'a folder',
      { nkey: '~/config' },
      "context prod: nkey: can't read <folder>/config: it is not a file (looked at <folder>/config)",
    ],
    [
      'creds that are none',
      { creds: '~/hunter2.txt' },
      'context prod: creds <folder>/hunter2.txt: expected credentials with a user JWT and its seed, found something else',
    ],
    [
      'an empty nkey file',
      { nkey: '~/empty' },
      'context prod: nkey <folder>/empty: expected the seed of a user nkey (it starts with SU), found nothing',
    ],
    [
      'creds inline that are none',
      { creds: base64('hunter2') },
      'context prod: creds: expected credentials with a user JWT and its seed, found something else',
    ],
    [
      'a certificate in a variable',
      { ca: 'env://PEM' },
      'context prod: ca: expected a file, found a reference of the kind env',
    ],
    ['a number', { user: 5 }, 'context prod: user: expected a string'],
  ])('%s', async (_, fields, message) => {
    const { environment, folder } = await homeWith(
      { prod: fields },
      { 'hunter2.txt': 'pass: hunter2', empty: '\n' },
    );
    const error: unknown = await readContext('prod', environment).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 2 });
    const said = (error as Error).message.replaceAll(folder, '<folder>');
    expect(said).toContain(message);
    expect(said.replaceAll('hunter2.txt', '')).not.toContain('hunter2');
  });

  test('an unknown context: the known ones, and the one that was meant', async () => {
    const { environment } = await homeWith({ production: {}, staging: {} });
    await expect(readContext('prodution', environment)).rejects.toMatchObject({
      code: 'UNKNOWN_CONTEXT',
      message: expect.stringContaining('did you mean production? (known: production, staging)'),
    });
    await expect(readContext('x', environment)).rejects.toThrow('known: production, staging');
    await expect(readContext('../context/staging', environment)).rejects.toThrow('unknown context');
  });

  test('no contexts at all', async () => {
    const { environment, folder } = await homeWith({});
    await expect(readContext('x', environment)).rejects.toThrow(
      `unknown context "x" in ${folder}/config/nats/context; there are none`,
    );
  });
});

test('a context in another encoding than UTF-8 is refused, and a byte order mark is no content', async () => {
  const { environment, folder } = await homeWith({ prod: '\uFEFF{"url":"nats://a:4222"}' });
  expect(await readContext('prod', environment)).toEqual({ url: 'nats://a:4222' });
  const file = join(folder, 'config', 'nats', 'context', 'prod.json');
  await writeFile(file, Buffer.from('{"user":"j\u00f6rg","password":"hunter2"}', 'latin1'));
  await expect(readContext('prod', environment)).rejects.toMatchObject({
    code: 'CONTEXT_INVALID',
    message: `${file}:1: expected text in UTF-8, found other bytes`,
  });
});
