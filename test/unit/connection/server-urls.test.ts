import { expect, test } from 'vitest';
import { readServers } from '../../../src/lib/connection/server-urls.js';

/** What is before the @ of an entry may be the end of a password that began before the comma. */
test.each([
  'nats://user:Sup3r,S3cret@',
  'nats://user:Sup3r,S3cret@localhost',
  // It looks like a port, and would be the server that the rest goes to.
  'nats://user:333,S3cret@localhost:4222',
  'nats://user:S3@S3cret, S3cret@localhost',
  'nats://user:S3,S3,S3cret@localhost,nats://other',
  '@a:Sup3rS3cret:1,b:Sup3rS3cret@localhost',
  'user:S3@one,user:S3@two',
])('credentials behind a comma are refused, and none of it is shown: %s', (text) => {
  const found = readServers(text);
  const problem = 'problem' in found ? found.problem : '';
  expect(problem).toContain('a comma is written as %2C');
  expect(problem).not.toMatch(/S3|Sup3r|333|user:/);
});

test('a comma in a password may be written as %2C, and each of a list may have credentials', () => {
  expect(readServers('nats://user:a%2Cb@one:4222, tls://user:c@two')).toEqual({
    urls: ['nats://one:4222', 'tls://two:4222'],
    auth: { user: 'user', password: 'a,b' },
    tls: true,
  });
  expect(readServers('user:a@one,two,three:5222')).toMatchObject({ auth: { user: 'user', password: 'a' } });
});

/** An @ in a password looks like the end of the credentials. */
test.each([
  ['user:S3cret@host/path', '…@host/path'],
  ['nats://user:S3cret@one,user:S3cret two', '…'],
])('of %s an error shows only what cannot be a password', (text, shown) => {
  const found = readServers(text);
  const problem = 'problem' in found ? found.problem : '';
  expect(problem).toContain(`found "${shown}"`);
  expect(problem).not.toMatch(/S3|Sup3r/);
});

test.each(['"nats://h:4222"', "'nats://user:S3cret@h:4222'"])(
  'quotes that no shell took away are named: %s',
  (text) => {
    const found = readServers(text);
    const problem = 'problem' in found ? found.problem : '';
    expect(problem).toContain('the quotes are a part of it: docker run --env-file keeps them');
    expect(problem).not.toContain('S3cret');
  },
);
