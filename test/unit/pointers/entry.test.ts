import { describe, expect, it } from 'vitest';
import { readEntry } from '../../../src/lib/pointers/entry.js';
import { encodePointer } from '../../../src/lib/domain/pointer.js';
import type { StoredMessage } from '../../../src/lib/nats/wire/message.js';
import { makeConfig } from '../../support/config.js';
import { makePointer } from '../../support/dead-letters.js';

const config = makeConfig();
const origin = { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '5' };

function stored(subject: string, text: string): StoredMessage {
  const data = new TextEncoder().encode(text);
  return { stream: 'events-dlq', subject, seq: 7, time: '1769860800000000000', data, headers: {} };
}

describe('readEntry', () => {
  it('reads a dead letter, dead since it was stored', () => {
    const pointer = makePointer(origin);
    const entry = readEntry(config, stored('events-dlq.notifications-consumer.42', encodePointer(pointer)));
    expect(entry).toMatchObject({
      dlqSeq: 7,
      pointer,
      letter: { id: 'notifications-consumer/42', seq: 42, deadAt: '2026-01-31T12:00:00.000Z' },
    });
  });

  it.each([
    ['events-dlq.notifications-consumer.42', 'notifications-consumer/42'],
    ['events-dlq.notifications-consumer.042', 'events-dlq/7'],
    ['events-dlq.notifications-consumer.42.43', 'events-dlq/7'],
    ['events-dlq.notifications-consumer', 'events-dlq/7'],
    ['events-dlq', 'events-dlq/7'],
    ['elsewhere.notifications-consumer.42', 'events-dlq/7'],
    [`events-dlq.${'x'.repeat(200)}.1`, 'events-dlq/7'],
  ])('names what is no pointer on %s as %s', (subject, id) => {
    const { letter, pointer } = readEntry(config, stored(subject, 'forged'));
    expect(pointer).toBeUndefined();
    expect(letter).toMatchObject({ id, subject, reason: expect.stringMatching(/^not a pointer: /) });
  });

  it('takes a pointer of another stage, or on another subject, for none', () => {
    const retry = encodePointer(makePointer(origin, { stage: 'retry' }));
    const wrong = readEntry(config, stored('events-dlq.notifications-consumer.42', retry));
    expect(wrong.letter.reason).toBe('not a pointer: stage: expected dlq');
    const elsewhere = readEntry(config, stored('events-dlq.other.42', encodePointer(makePointer(origin))));
    expect(elsewhere).not.toHaveProperty('pointer');
    expect(elsewhere.letter).toMatchObject({ id: 'other/42', reason: expect.stringContaining('belongs on') });
  });
});
