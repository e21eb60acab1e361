import { expect, test } from 'vitest';
import { readServers } from '../../../src/lib/connection/server-urls.js';

/** A comma in a password cuts it in two, and an @ in it looks like the end of the credentials. */
test.each([
  ['nats://user:Sup3r,S3cret@', 'nats://…'],
  ['@a:Sup3rS3cret:1,b:Sup3rS3cret@localhost', '…'],
  ['nats://user:S3@S3cret/x,S3cret@localhost', 'nats://…'],
  ['user:S3cret@host/path', '…@host/path'],
  ['nats://user:S3cret@one,user:S3cret two', '…'],
])('of %s an error shows only what cannot be a password', (text, shown) => {
  const found = readServers(text);
  const problem = 'problem' in found ? found.problem : '';
  expect(problem).toContain(`found "${shown}"`);
  expect(problem).not.toMatch(/S3|Sup3r/);
});
