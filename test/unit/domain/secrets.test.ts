import { createAccount, createUser, createOperator } from '@nats-io/nkeys';
import { expect, test } from 'vitest';
import { hideSecrets, looksSecret } from '../../../src/lib/domain/secrets.js';

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
  'notifications-consumer/42: fetch failed',
  '/home/ada/keys/user.nk',
  'SUBSCRIPTIONS_ARE_NOT_SEEDS',
  'eyJ',
  'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
])('%s is left as it is', (text) => {
  expect(hideSecrets(text)).toBe(text);
  expect(looksSecret(text)).toBe(false);
});
