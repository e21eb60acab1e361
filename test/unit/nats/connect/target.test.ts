import { expect, test } from 'vitest';
import { describeServers } from '../../../../src/lib/nats/connect/target.js';

test.each([
  ['nats://localhost:4222', 'nats://localhost:4222'],
  ['localhost:4222', 'localhost:4222'],
  ['nats://user:s3cret@host:4222', 'nats://host:4222'],
  ['tls://s3cret@host:4222', 'tls://host:4222'],
  ['user:s3cret@host', 'host'],
  ['nats://user:s3cret@with@signs@host:4222', 'nats://host:4222'],
  ['nats://user:s3cret/with/slashes@host:4222', 'nats://host:4222'],
  ['NATS://user:s3cret@host', 'NATS://host'],
  ['nats+tls://user:s3cret@host', 'nats+tls://host'],
  ['nats://[::1]:4222', 'nats://[::1]:4222'],
  ['nats://user:s3cret@[::1]:4222', 'nats://[::1]:4222'],
])('%s is printed as %s', (server, printed) => {
  expect(describeServers([server])).toBe(printed);
});

test('several servers are printed with a comma, each without its secret', () => {
  expect(describeServers(['nats://a:s3cret@one:1', 'nats://b:s3cret@two:2'])).toBe(
    'nats://one:1,nats://two:2',
  );
});
