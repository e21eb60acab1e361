import { describe, expect, test } from 'vitest';
import { isBeforeStart, type JournalReach, whyNobodyKnows } from '../../../src/lib/journal/what-is-known.js';

const event = { subject: 'events.totp.requested', time: '1795227599252314333' };
const [before, after] = ['2026-11-20T00:00:00Z', '2026-12-01T00:00:00Z'];
const info = { created: before, config: { filter_subjects: ['events.>'], deliver_policy: 'all' } } as const;
const whole: JournalReach = { created: before, state: { first_seq: 1, first_ts: after, messages: 3 } };

type Facts = Parameters<typeof whyNobodyKnows>;

function why(reader: object = {}, journal: Facts[2] = whole): string | undefined {
  return whyNobodyKnows(event, { ...info, ...reader } as unknown as Facts[1], journal);
}

test('that a consumer is past an event proves its success where a failure would have left a record', () => {
  expect(why()).toBeUndefined();
  // What had left the journal was older than the event.
  expect(why({}, { ...whole, state: { first_seq: 9, first_ts: before, messages: 3 } })).toBeUndefined();
});

test.each<[string, string | undefined]>([
  [
    'the journal has lost what is as old as the event',
    why({}, { ...whole, state: { first_seq: 9, first_ts: after, messages: 3 } }),
  ],
  ['the journal was emptied', why({}, { ...whole, state: { first_seq: 9, first_ts: before, messages: 0 } })],
  ['the journal is younger than the event', why({}, { ...whole, created: after })],
  ['there is no journal', whyNobodyKnows(event, info as never, undefined)],
  ['the filters do not match it', why({ config: { ...info.config, filter_subjects: ['events.other'] } })],
  [
    'the filters were changed since',
    why({ config: { ...info.config, metadata: { 'plutomi-events.filters-changed': after } } }),
  ],
  [
    'the consumer began with the last of each subject',
    why({ created: after, config: { ...info.config, deliver_policy: 'last_per_subject' } }),
  ],
])('it proves nothing where %s', (_what, reason) => {
  expect(reason).toEqual(expect.any(String));
});

test('filters that were changed before the event prove as much as ever', () => {
  expect(
    why({ config: { ...info.config, metadata: { 'plutomi-events.filters-changed': before } } }),
  ).toBeUndefined();
});

describe('isBeforeStart', () => {
  const at = { seq: 5, time: event.time };
  test.each([
    [true, { deliver_policy: 'by_start_sequence', opt_start_seq: 6 }, before],
    [false, { deliver_policy: 'by_start_sequence', opt_start_seq: 5 }, before],
    [true, { deliver_policy: 'new' }, after],
    [false, { deliver_policy: 'new' }, before],
    [true, { deliver_policy: 'by_start_time', opt_start_time: after }, before],
    [false, { deliver_policy: 'all' }, after],
  ] as const)('%s: %o', (expected, config, created) => {
    expect(isBeforeStart({ created, config }, at)).toBe(expected);
  });
});
