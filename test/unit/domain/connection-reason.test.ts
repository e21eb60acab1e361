import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { connectionReason } from '../../../src/lib/domain/connection-reason.js';

const said = (message: string, facts: object = {}): Error => Object.assign(new Error(message), facts);

test('what the system says itself', async () => {
  const refused = connect(9, '127.0.0.1');
  const [error] = (await once(refused, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  expect(connectionReason(error)).toBe('connection refused: nothing listens at 127.0.0.1:9 (ECONNREFUSED)');
  const unknown: unknown = await lookup('nothing.invalid').catch((thrown: unknown) => thrown);
  expect(connectionReason(unknown)).toMatch(/nothing\.invalid.* \((?:ENOTFOUND|EAI_AGAIN)\)$/);
});

test.each([
  [said('getaddrinfo ENOTFOUND db'), 'there is no machine of the name db (ENOTFOUND)'],
  [said('getaddrinfo EAI_AGAIN db'), 'no name server says now where db is (EAI_AGAIN)'],
  [said('connect ETIMEDOUT 10.0.0.1:5432'), '10.0.0.1:5432 does not answer (ETIMEDOUT)'],
  [said('connect EHOSTUNREACH 10.0.0.1:25'), 'no way leads to 10.0.0.1:25 (EHOSTUNREACH)'],
  [
    said('x', { code: 'ECONNREFUSED', address: '::1', port: 25 }),
    'connection refused: nothing listens at [::1]:25 (ECONNREFUSED)',
  ],
  [said('connection refused'), 'connection refused'],
  [said('read ECONNRESET'), 'the other side cut the connection off (ECONNRESET)'],
  [
    new AggregateError([said('connect ECONNREFUSED ::1:9'), said('connect ECONNREFUSED 127.0.0.1:9')]),
    'connection refused: nothing listens at ::1:9 (ECONNREFUSED)',
  ],
  [said('password authentication failed', { code: '28P01' }), 'password authentication failed'],
  [said('no answer within 5 s', { code: 'constructor' }), 'no answer within 5 s'],
  ['text', 'text'],
])('%s: %s', (error, reason) => {
  expect(connectionReason(error)).toBe(reason);
});
