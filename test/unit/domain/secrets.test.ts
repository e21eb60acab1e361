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
