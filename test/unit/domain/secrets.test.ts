import { createAccount, createUser, createOperator } from '@nats-io/nkeys';
import { expect, test } from 'vitest';
import { hideSecrets, looksSecret } from '../../../src/lib/domain/secrets.js';

test('a long text that looks like the start of many URLs takes no time of note', () => {
  expect(hideSecrets('://a:'.repeat(200_000))).toContain('://a:');
}, 5000);

const seedOf = (key: { getSeed(): Uint8Array }) => new TextDecoder().decode(key.getSeed());
const jwt = `${Buffer.from('{"typ":"JWT"}').toString('base64url')}.${Buffer.from('{"sub":"ada"}').toString('base64url')}.c2lnbmF0dXJl`;
const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJ\n-----END EC PRIVATE KEY-----';
const creds = `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------`;

test.each([
  ['a user seed', seedOf(createUser()), '(a seed, not shown)'],
  ['an account seed', seedOf(createAccount()), '(a seed, not shown)'],
  ['an operator seed', seedOf(createOperator()), '(a seed, not shown)'],
  ['a seed that is cut off', seedOf(createUser()).slice(0, 50), '(a seed, not shown)'],
  ['a JWT', jwt, '(a JWT, not shown)'],
  ['a JWT that is cut off', jwt.slice(0, 16), '(a JWT, not shown)'],
  ['a PEM block', pem, '(a key or certificate, not shown)'],
  ['a PEM block with escaped line feeds', pem.replaceAll('\n', '\\n'), '(a key or certificate, not shown)'],
  ['a PEM block that is cut off', pem.slice(0, 40), '(a key or certificate, not shown)'],
  ['credentials', creds, '(a key or certificate, not shown)'],
])('%s is hidden', (_, secret, shown) => {
  expect(hideSecrets(`--nkey: can't read ${secret}`)).toBe(`--nkey: can't read ${shown}`);
  expect(hideSecrets(`"${secret}", "after"`)).toBe(`"${shown}", "after"`);
  expect(looksSecret(secret)).toBe(true);
});

test.each([
  ['nats://ada:s3cr3t@127.0.0.1:4222', 'nats://…@127.0.0.1:4222'],
  ['a nats://token@a, tls://b:p@ss:w@b:4222', 'a nats://…@a, tls://…@b:4222'],
  ['nats://ada:s3c/r3t@h:4222', 'nats://…@h:4222'],
  ['no file at /srv/nats:/ada:s3cr3t@h', 'no file at /srv/nats://…@h'],
  ['"postgres://u:p\\nw@db/app"', '"postgres://…@db/app"'],
])('of the URL in %s no more than the scheme and what follows the host', (text, shown) => {
  expect(hideSecrets(text)).toBe(shown);
  expect(looksSecret(text)).toBe(true);
});

test.each([
  ['Basic dXNlcjpodW50ZXIycGFzcw== is wrong', 'Basic (not shown) is wrong'],
  ['Authorization: Bearer 9f8e7d6c5b4a', 'Authorization: Bearer (not shown)'],
  [
    '{"headers":{"Authorization":"Basic dXNlcjpodW50ZXIycGFzcw=="}}',
    '{"headers":{"Authorization":"(not shown)"}}',
  ],
  [
    'GET /y?api_key=s3cr3t&page=2&access_token=s3cr3t',
    'GET /y?api_key=(not shown)&page=2&access_token=(not shown)',
  ],
  ['password=s3cr3t user=app', 'password=(not shown) user=app'],
  [
    '{"password":"s3cr3t","client_secret": "s3cr3t"}',
    '{"password":"(not shown)","client_secret": "(not shown)"}',
  ],
  ['body {\\"apiKey\\":\\"s3cr3t\\"}', 'body {\\"apiKey\\":\\"(not shown)\\"}'],
  ['bad ghp_abcdefghijklmnopqrstuvwxyz012345', 'bad (a token, not shown)'],
  ['xoxb-123456789012-abcdefghijkl', '(a token, not shown)'],
  ['sk_live_51Habcdefghijkl rejected', '(a token, not shown) rejected'],
])('a login or a token in %s is not shown', (text, shown) => {
  expect(hideSecrets(text)).toBe(shown);
  expect(hideSecrets(shown)).toBe(shown);
});

test.each([
  'password: required',
  'token expired',
  'the secret of shop is missing',
  'Unexpected token < in JSON at position 0',
  'Basic plan is full',
  'Basic information about orders',
  'bearer of bad news',
  '{"tokens":12,"password":null}',
  '--password <password>',
])('what is said about a secret is none: %s', (text) => {
  expect(hideSecrets(text)).toBe(text);
});

test('a long text of names whose values would be secrets takes no time of note', () => {
  for (const part of ['password', 'a-token', '"secret"  ', 'Bearer ', '?x']) {
    expect(hideSecrets(part.repeat(100_000))).toContain(part.trim());
  }
}, 5000);

test.each([
  'https://example.com/unsubscribe?mail=ada@example.com',
  'https://example.com:8080/unsubscribe?mail=ada@example.com',
  'smtp://127.0.0.1:25 refused ada@example.com',
  'notifications-consumer/42: fetch failed',
  '/home/ada/keys/user.nk',
  'SUBSCRIPTIONS_ARE_NOT_SEEDS',
  'eyJ',
  'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
])('%s is left as it is', (text) => {
  expect(hideSecrets(text)).toBe(text);
  expect(looksSecret(text)).toBe(false);
});
