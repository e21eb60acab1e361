import { expect, it } from 'vitest';
import type { Consequence } from '../../../../src/lib/topology/impact/consequence.js';
import { describeConsequence } from '../../../../src/lib/topology/impact/describe-consequence.js';

it.each<[Consequence, string]>([
  [{ what: 'lost', role: 'events', count: 1234 }, '1,234 events are lost'],
  [{ what: 'lost', role: 'dlq', count: 1 }, '1 dead letter is lost'],
  [
    { what: 'original-lost', role: 'retry', count: 2 },
    '2 waiting retries lose their events and can never be delivered',
  ],
  [
    { what: 'in-flight', role: 'events', count: null },
    'an unknown number of events are in flight: delivered and not acked',
  ],
  [
    { what: 'skipped', role: 'events', count: 3, subject: 'events.b', atMost: true },
    'up to 3 events of events.b are skipped: they lie before the position of the consumer',
  ],
  [
    { what: 'position-lost', deliveredTo: 1000, ackedTo: 998 },
    'its position is lost: delivered up to 1,000, acked up to 998',
  ],
  [{ what: 'consumers-lost', names: ['a', 'b'] }, 'other consumers on it are deleted too: a, b'],
  [
    { what: 'bytes-removed', bytes: 2048 },
    '2,048 bytes of messages exceed the new limit and are removed at once',
  ],
  [
    { what: 'stranded', role: 'retry', count: 2 },
    '2 waiting retries are stranded: an external consumer has no retry stage, and nothing runs them until the consumer has a handler again',
  ],
  [
    { what: 'over-limit', role: 'events', count: 1, atMost: true },
    'up to 1 event in flight may already have been delivered that often: the server then drops it, before 2.15.1 without an advisory',
  ],
  [
    { what: 'given-up-stays' },
    'events that the server gave up on before are not delivered again; their dead letters can be replayed once the consumer has a handler',
  ],
])('%j', (consequence, text) => {
  expect(describeConsequence(consequence)).toBe(text);
});
