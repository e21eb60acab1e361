import { describe, expect, test } from 'vitest';
import type { KeyHistory } from '../../../../src/lib/domain/attempt.js';
import type { RecordOf } from '../../../../src/lib/domain/record.js';
import type { Outcome } from '../../../../src/lib/domain/outcome.js';
import type { MessageHeaders } from '../../../../src/lib/nats/wire/message.js';
import { boundSnooze } from '../../../../src/lib/waterfall/stages/snooze.js';
import { makeConfig } from '../../../support/config.js';

const config = makeConfig();
const nowMs = 1_769_860_800_000;

function after(snoozes: unknown): KeyHistory {
  return { snoozed: { journalSeq: 1, record: { snoozes } as unknown as RecordOf<'SNOOZED'> } };
}

function snooze(delayMs: number, history: KeyHistory = {}, headers: MessageHeaders = {}): Outcome {
  return boundSnooze(
    { kind: 'snoozed', delayMs },
    history,
    { time: `${nowMs}000000`, headers },
    config,
    nowMs,
  );
}

describe('a snooze', () => {
  test.each([
    [0, 100],
    [99, 100],
    [100, 100],
    [60_000, 60_000],
  ])('of %d ms lasts %d ms', (wanted, lasts) => {
    expect(snooze(wanted)).toEqual({ kind: 'snoozed', delayMs: lasts });
  });

  test('after 1,000 short ones is a failed attempt, and says so', () => {
    expect(snooze(0, after(999)).kind).toBe('snoozed');
    expect(snooze(0, after(1000))).toMatchObject({
      kind: 'failed',
      failure: { kind: 'error', message: 'snoozed for 0s, but it was snoozed 1000 times for less than 1m' },
    });
  });

  test('beyond the life that its publisher gave the event is a failed attempt', () => {
    expect(snooze(60_000, {}, { 'Nats-TTL': ['2m'] }).kind).toBe('snoozed');
    expect(snooze(60_000, {}, { 'Nats-TTL': ['never'] }).kind).toBe('snoozed');
    expect(snooze(60_000, {}, { 'Nats-TTL': ['30'] })).toMatchObject({
      kind: 'failed',
      failure: { message: 'snoozed for 1m, but the event lives only 30s more' },
    });
  });

  test('of a minute or more does not count: whoever waits for a person may wait for days', () => {
    expect(snooze(60_000, after(5000)).kind).toBe('snoozed');
  });

  test.each(['many', -1, undefined, null, 1e99])('is not misled by a forged count of %j', (count) => {
    expect(snooze(0, after(count)).kind).toBe('snoozed');
  });
});
