import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideAttempt,
  type Decision,
  emptyHistory,
  failedAttempts,
  isLastAttempt,
  type KeyHistory,
  type StoredRecord,
} from '../../../src/lib/domain/attempt.js';
import { makeFailure, noReport } from '../../../src/lib/domain/failure.js';
import type { RecordOf } from '../../../src/lib/domain/record.js';
import type { RecordKind } from '../../../src/lib/domain/record-kinds.js';
import { property } from '../../support/property.js';

const boom = makeFailure('error', 'SmtpError', 'connection refused');

function stored<K extends RecordKind>(
  kind: K,
  attempt: number | undefined,
  journalSeq: number,
  alone = false,
): StoredRecord<RecordOf<K>> {
  const record = {
    v: 1,
    kind,
    at: '2026-01-31T12:00:00.000Z',
    tier: 'business',
    consumer: 'notifications-consumer',
    stage: 'main',
    cycle: 0,
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '1769860800000000000' },
    ...(attempt === undefined ? {} : { attempt }),
    ...(kind === 'ATTEMPT_FAILED' ? { error: boom } : {}),
    ...(alone ? { alone } : {}),
  };
  return { journalSeq, record: record as unknown as RecordOf<K> };
}

/** A history from `kind attempt` words in the order in which they were written; the last of each kind counts. */
function historyOf(...written: readonly (readonly [RecordKind, number?, boolean?])[]): KeyHistory {
  const slots: Partial<Record<RecordKind, keyof KeyHistory>> = {
    ATTEMPT_STARTED: 'started',
    ATTEMPT_FAILED: 'failed',
    SNOOZED: 'snoozed',
  };
  return written.reduce<KeyHistory>(
    (history, [kind, attempt, alone], i) => ({
      ...history,
      [slots[kind] ?? 'ended']: stored(kind, attempt, i + 1, alone),
    }),
    emptyHistory,
  );
}

const run = (attempt: number, announce: boolean, suspect: boolean, alone = false): Decision => ({
  do: 'run',
  attempt,
  announce,
  suspect,
  alone,
});

const started = (n: number) => ['ATTEMPT_STARTED', n] as const;
const startedAlone = (n: number) => ['ATTEMPT_STARTED', n, true] as const;
const failed = (n: number) => ['ATTEMPT_FAILED', n] as const;
const snoozed = (n: number) => ['SNOOZED', n] as const;

describe('in the main stage', () => {
  test.each([
    ['a first delivery is attempt 1, unannounced', 1, [], run(1, false, false)],
    ['a redelivery without any record is still attempt 1, announced', 2, [], run(1, true, true)],
    ['a hundredth delivery without any record is still attempt 1', 100, [], run(1, true, true)],
    ['a failed attempt counts', 2, [failed(1)], run(2, true, false)],
    ['an announced attempt without a report counts', 3, [started(1)], run(2, true, true)],
    ['a report of the announced attempt clears it', 3, [started(1), failed(1)], run(2, true, false)],
    ['the last attempt of a suspect runs alone', 4, [failed(1), started(2)], run(3, true, true, true)],
    ['a snooze gives the attempt back', 2, [snoozed(1)], run(1, true, false)],
    ['a snooze of the announced attempt gives it back', 3, [started(1), snoozed(1)], run(1, true, false)],
    ['a snooze after a failure repeats the second', 3, [failed(1), snoozed(2)], run(2, true, false)],
    ['a vanished run after a snooze counts', 4, [snoozed(1), started(1)], run(2, true, true)],
    ['a failure after a snooze counts', 4, [snoozed(1), started(1), failed(1)], run(2, true, false)],
    [
      'a late snooze of an attempt that failed changes nothing',
      3,
      [failed(1), snoozed(1)],
      run(2, true, false),
    ],
    [
      'a late failure of an older attempt lowers nothing',
      4,
      [started(2), failed(1)],
      run(3, true, true, true),
    ],
    [
      'a late snooze of an older attempt lowers nothing',
      4,
      [started(2), snoozed(1)],
      run(3, true, true, true),
    ],
    ['a last attempt that vanished beside others', 4, [failed(2), started(3)], run(3, true, true, true)],
    ['an attempt beyond a lowered limit that vanished', 9, [started(7)], run(7, true, true, true)],
  ] as const)('%s', (_what, deliveries, written, decision) => {
    const facts = { deliveries, limit: 3, mayHaveParked: false, silenceCounts: true };
    expect(decideAttempt(facts, historyOf(...written))).toEqual(decision);
  });
});

describe('in the retry stage, where a delivery may have been parked', () => {
  test.each([
    ['even the first delivery is announced', 1, [], run(1, true, false)],
    ['parked deliveries prove nothing and make no suspect', 7, [], run(1, true, false)],
    ['a vanished run counts and makes a suspect', 8, [started(1)], run(2, true, true)],
    ['a failed attempt counts', 8, [started(1), failed(1)], run(2, true, false)],
  ] as const)('%s', (_what, deliveries, written, decision) => {
    const facts = { deliveries, limit: 3, mayHaveParked: true, silenceCounts: true };
    expect(decideAttempt(facts, historyOf(...written))).toEqual(decision);
  });
});

describe('routing, whose own code ends no process', () => {
  test.each([
    ['a run that vanished is repeated, beside others', 3, [started(1)], run(1, true, false)],
    ['also after a failure', 3, [failed(1), started(2)], run(2, true, false)],
    ['also the last one, however often', 30, [failed(2), started(3)], run(3, true, false)],
    ['a redelivery without any record makes no suspect', 9, [], run(1, true, false)],
    ['a failed attempt counts', 2, [failed(1)], run(2, true, false)],
  ] as const)('%s', (_what, deliveries, written, decision) => {
    const facts = { deliveries, limit: 3, mayHaveParked: false, silenceCounts: false };
    expect(decideAttempt(facts, historyOf(...written))).toEqual(decision);
  });

  test('ends at a failure that was reported', () => {
    const facts = { deliveries: 9, limit: 3, mayHaveParked: false, silenceCounts: false };
    expect(decideAttempt(facts, historyOf(failed(3)))).toMatchObject({ do: 'exhaust', failure: boom });
  });
});

describe('the guard', () => {
  test.each([
    ['the last failure is the reason', [failed(3)], 3, boom],
    [
      'the last reported failure is the reason of a last attempt that vanished alone',
      [failed(2), startedAlone(3)],
      3,
      boom,
    ],
    ['without any report the reason is that there was none', [startedAlone(3)], 3, noReport()],
    ['a report of a last attempt beside others is one', [started(3), failed(3)], 3, boom],
    ['an attempt beyond a lowered limit ends it too', [failed(7)], 7, boom],
  ] as const)('%s', (_what, written, attempts, failure) => {
    const facts = { deliveries: 9, limit: 3, mayHaveParked: false, silenceCounts: true };
    expect(decideAttempt(facts, historyOf(...written))).toEqual({ do: 'exhaust', attempts, failure });
  });

  test('a snoozed last attempt is not used up', () => {
    const facts = { deliveries: 5, limit: 3, mayHaveParked: false, silenceCounts: true };
    expect(decideAttempt(facts, historyOf(failed(2), snoozed(3)))).toEqual(run(3, true, false));
  });

  test('a failure whose record names no kind is an error, not a failure for good', () => {
    const { kind: _, ...error } = boom;
    const { journalSeq, record } = stored('ATTEMPT_FAILED', 1, 1);
    const facts = { deliveries: 2, limit: 1, mayHaveParked: false, silenceCounts: true };
    const decision = decideAttempt(facts, { failed: { journalSeq, record: { ...record, error } } });
    expect(decision).toMatchObject({ do: 'exhaust', failure: { kind: 'error' } });
  });

  test('the fingerprint of the record survives, although this version would compute another', () => {
    const { journalSeq, record } = stored('ATTEMPT_FAILED', 1, 1);
    const error = { ...boom, fingerprint: 'abcdef012345', fingerprintBy: 'shape' as const };
    const facts = { deliveries: 2, limit: 1, mayHaveParked: false, silenceCounts: true };
    const decision = decideAttempt(facts, { failed: { journalSeq, record: { ...record, error } } });
    expect(decision).toMatchObject({ failure: { fingerprint: 'abcdef012345' } });
  });
});

test.each(['RESOLVED', 'MAX_DELIVERIES', 'MSG_TERMINATED'] as const)(
  '%s ends the key, whatever else is known about it',
  (kind) => {
    const history = historyOf(failed(1), [kind], started(2), snoozed(2));
    for (const deliveries of [1, 2, 50]) {
      const decision = decideAttempt(
        { deliveries, limit: 3, mayHaveParked: false, silenceCounts: true },
        history,
      );
      expect(decision).toEqual({ do: 'ack', ended: history.ended });
    }
  },
);

/** What happens to one delivery: it never starts, or its handler runs and ends so. */
type Fate = 'lost' | 'silent' | 'failed' | 'snoozed';

interface LivedRun {
  readonly attempt: number;
  readonly used: number;
  readonly suspect: boolean;
  readonly alone: boolean;
  readonly fate: Fate;
}

interface Life {
  readonly runs: readonly LivedRun[];
  readonly decision: Decision | undefined;
  /** Attempts that are used up: failed, or announced and without a report. */
  readonly used: number;
}

/** Lives through the deliveries of one event; after the listed fates it always runs and leaves no report. */
function live(limit: number, mayHaveParked: boolean, fates: readonly Fate[]): Life {
  const written: (readonly [RecordKind, number, boolean?])[] = [];
  const runs: LivedRun[] = [];
  let used = 0;
  for (let delivery = 1; delivery <= fates.length + limit + 3; delivery++) {
    const fate = fates[delivery - 1] ?? 'silent';
    if (fate === 'lost') continue;
    const facts = { deliveries: delivery, limit, mayHaveParked, silenceCounts: true };
    const decision = decideAttempt(facts, historyOf(...written));
    if (decision.do !== 'run') return { runs, decision, used };
    const { attempt, announce, suspect, alone } = decision;
    runs.push({ attempt, used, suspect, alone, fate });
    if (announce) written.push(alone ? startedAlone(attempt) : started(attempt));
    if (fate === 'failed') written.push(failed(attempt));
    if (fate === 'snoozed') written.push(snoozed(attempt));
    if (fate === 'failed' || (fate === 'silent' && announce)) used = attempt;
  }
  return { runs, decision: undefined, used };
}

test('failed is what was told, and what started and left no report; not what was snoozed', () => {
  expect(failedAttempts(emptyHistory)).toBe(0);
  expect(failedAttempts(historyOf(['ATTEMPT_FAILED', 2]))).toBe(2);
  expect(failedAttempts(historyOf(['ATTEMPT_FAILED', 2], ['ATTEMPT_STARTED', 3]))).toBe(3);
  expect(failedAttempts(historyOf(['ATTEMPT_STARTED', 1]))).toBe(1);
  expect(failedAttempts(historyOf(['ATTEMPT_FAILED', 2], ['ATTEMPT_STARTED', 3], ['SNOOZED', 3]))).toBe(2);
  expect(failedAttempts(historyOf(['SNOOZED', 3], ['ATTEMPT_STARTED', 3]))).toBe(3);
});

test('the last attempt is the one at the limit, and one that no retry can help', () => {
  expect([1, 2, 3].map((attempt) => isLastAttempt(attempt, 'error', 2))).toEqual([false, true, true]);
  expect(isLastAttempt(1, 'rejected', 2)).toBe(true);
  expect(isLastAttempt(1, 'no-report', 2)).toBe(false);
});

describe('over a whole life', () => {
  const limit = fc.integer({ min: 1, max: 6 });
  const fates = fc.array(fc.constantFrom<Fate>('lost', 'silent', 'failed', 'snoozed'), { maxLength: 25 });

  property(
    'a poison event runs at most attempts + 1 times, however many deliveries get lost in between',
    () => {
      const silence = fc.array(fc.constantFrom<Fate>('lost', 'silent'), { maxLength: 25 });
      return fc.property(limit, fc.boolean(), silence, (limit, mayHaveParked, fates) => {
        const { runs, decision } = live(limit, mayHaveParked, fates);
        expect(runs.length).toBeLessThanOrEqual(limit + 1);
        expect(runs.length).toBeGreaterThanOrEqual(limit);
        expect(decision).toEqual({ do: 'exhaust', attempts: limit, failure: noReport() });
      });
    },
  );

  property(
    'the attempt is one more than those used up: neither snoozes, parking nor lost deliveries raise it',
    () =>
      fc.property(limit, fc.boolean(), fates, (limit, mayHaveParked, fates) => {
        const { runs, decision, used } = live(limit, mayHaveParked, fates);
        for (const { attempt, used } of runs) expect(attempt).toBe(Math.min(used + 1, limit));
        expect(decision).toMatchObject({ do: 'exhaust', attempts: limit });
        expect(used).toBe(limit);
      }),
  );

  property(
    'only a failure that was reported, or a run that was alone and left no report, ends the stage',
    () =>
      fc.property(limit, fc.boolean(), fates, (limit, mayHaveParked, fates) => {
        const { runs } = live(limit, mayHaveParked, fates);
        const last = runs.at(-1);
        expect(last?.fate === 'failed' || (last?.fate === 'silent' && last.alone)).toBe(true);
      }),
  );

  property('one that sometimes reports and sometimes does not runs at most attempts + 2 times', () => {
    const unsnoozed = fc.array(fc.constantFrom<Fate>('lost', 'silent', 'failed'), { maxLength: 25 });
    return fc.property(limit, fc.boolean(), unsnoozed, (limit, mayHaveParked, fates) => {
      const { runs } = live(limit, mayHaveParked, fates);
      expect(runs.length).toBeLessThanOrEqual(limit + 2);
      expect(runs.filter(({ alone }) => alone).length).toBeLessThanOrEqual(1);
    });
  });

  property('exactly those runs are suspects whose predecessor left no report', () =>
    fc.property(limit, fates, (limit, fates) => {
      const { runs } = live(limit, true, fates);
      const started = fates.filter((fate) => fate !== 'lost');
      runs.forEach(({ suspect }, i) => {
        expect(suspect).toBe(i > 0 && (started[i - 1] ?? 'silent') === 'silent');
      });
    }),
  );
});
