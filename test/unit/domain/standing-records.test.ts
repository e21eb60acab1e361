import { expect, test } from 'vitest';
import { mostBehindLetter, recordsBehindLetter } from '../../../src/lib/domain/standing-records.js';
import { mostSubjects } from '../../../src/lib/nats/read/last-of-each.js';

const origin = { stream: 'events', seq: 7, subject: 'events.job', time: '1769860800000000000' };

test('no dead letter is asked more about than the chunks of a plan have room for', () => {
  const counts = (['business', 'meta'] as const).flatMap((tier) =>
    [0, 1, 2].map((cycle) => {
      const key = { tier, consumer: 'mail', origin, stage: 'dlq', cycle } as const;
      const asked = recordsBehindLetter(key).map((one) => JSON.stringify(one));
      expect(new Set(asked).size).toBe(asked.length);
      return asked.length;
    }),
  );
  expect(Math.max(...counts)).toBe(mostBehindLetter);
  const letters = Math.floor(mostSubjects / mostBehindLetter);
  // The server gives at most 1,024 messages to a question, and one more of them is asked for.
  expect([letters, letters * mostBehindLetter < 1024]).toEqual([90, true]);
});
