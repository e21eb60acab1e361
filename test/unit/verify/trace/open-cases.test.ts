import { describe, expect, test } from 'vitest';
import type { Key } from '../../../../src/lib/domain/key.js';
import type { JournalRecord } from '../../../../src/lib/domain/record.js';
import { OpenCases } from '../../../../src/lib/verify/trace/open-cases.js';

const origin = { stream: 'events', seq: 42, subject: 'events.a', time: '1795227599252314333' };

function record(
  kind: JournalRecord['kind'],
  stage: Key['stage'] = 'main',
  cycle = 0,
  more: Partial<JournalRecord> = {},
): JournalRecord {
  return { v: 1, kind, at: '', tier: 'business', consumer: 'c', stage, cycle, origin, ...more };
}

const toRetry = record('ROUTED', 'main', 0, { to: 'retry' });
const toDlq = record('ROUTED', 'retry', 0, { to: 'dlq' });

function fed(records: readonly JournalRecord[], complete = true): OpenCases {
  const cases = new OpenCases('events', complete);
  for (const one of records) cases.take(one);
  return cases;
}

function open(cases: OpenCases): string[] {
  return [...cases.cases()].map(({ key, phase }) => `${key.stage}/${key.cycle} ${phase}`);
}

const died = [
  record('ATTEMPT_FAILED'),
  record('MAX_DELIVERIES'),
  toRetry,
  record('ATTEMPT_FAILED', 'retry'),
  record('MAX_DELIVERIES', 'retry'),
  toDlq,
];

describe('OpenCases', () => {
  const standings: [string, readonly JournalRecord[], string[]][] = [
    ['a failed attempt', died.slice(0, 1), ['main/0 trying']],
    ['a snooze', [record('SNOOZED')], ['main/0 trying']],
    ['an exhaustion', died.slice(0, 2), ['main/0 exhausted']],
    ['a routing', died.slice(0, 3), ['main/0 to-retry']],
    ['an attempt in the retry stage', died.slice(0, 4), ['retry/0 trying']],
    ['a death', died, ['retry/0 to-dlq']],
    ['a replay', [...died, record('REPLAYED', 'dlq', 1)], ['main/1 to-retry']],
    ['a success', [...died.slice(0, 4), record('RESOLVED', 'retry')], []],
    ['a success after a replay', [...died, record('REPLAYED', 'dlq', 1), record('RESOLVED', 'retry', 1)], []],
    ['a discard', [...died, record('DISCARDED', 'dlq')], []],
    ['a record that comes late', [...died, record('ATTEMPT_FAILED')], ['retry/0 to-dlq']],
    [
      'a late success of an earlier cycle',
      [...died, record('REPLAYED', 'dlq', 1), record('RESOLVED')],
      ['main/1 to-retry'],
    ],
  ];
  test.each(standings)('%s', (_what, records, expected) => {
    const cases = fed(records);
    expect(open(cases)).toEqual(expected);
    expect(cases.holes).toEqual([]);
    expect(cases.twice).toEqual([]);
  });

  test('keeps events of the same sequence apart', () => {
    const cases = fed([
      record('ATTEMPT_FAILED'),
      record('ATTEMPT_FAILED', 'main', 0, { origin: { ...origin, time: '7' } }),
      record('ATTEMPT_FAILED', 'main', 0, { origin: { ...origin, stream: 'old' } }),
      record('ATTEMPT_FAILED', 'main', 0, { consumer: 'd' }),
    ]);
    expect(cases.size).toBe(4);
    expect([...cases.cases()].map(({ key }) => [key.consumer, key.origin.stream, key.origin.time])).toEqual([
      ['c', 'events', origin.time],
      ['c', 'events', '7'],
      ['c', 'old', origin.time],
      ['d', 'events', origin.time],
    ]);
  });

  const settling: [string, readonly JournalRecord[], 'retry' | 'dlq', number, boolean][] = [
    ['a parked pointer what was routed there', died.slice(0, 3), 'retry', 0, true],
    ['a parked pointer what is about to be routed', died.slice(0, 2), 'retry', 0, true],
    ['a parked pointer not a death of its cycle', died, 'retry', 0, false],
    ['a parked pointer a death that was replayed', died, 'retry', 1, true],
    ['a dead letter a death', died, 'dlq', 0, true],
    ['an old dead letter no replay', [...died, record('REPLAYED', 'dlq', 1)], 'dlq', 0, false],
  ];
  test.each(settling)('%s', (_what, records, where, cycle, settled) => {
    const cases = fed(records);
    cases.settle(where, 'c', origin, cycle);
    expect(cases.size).toBe(settled ? 0 : 1);
    const other = fed(records);
    other.settle(where, 'c', { ...origin, time: '7' }, cycle);
    expect(other.size).toBe(1);
  });

  test('suspects each stage that is over without an exhaustion', () => {
    const holes = (records: readonly JournalRecord[], complete?: boolean): string[] =>
      fed(records, complete).holes.map(({ stage, cycle }) => `${stage}/${cycle}`);
    expect(holes(died.filter((_, i) => i !== 1))).toEqual(['main/0']);
    expect(holes(died.filter((_, i) => i !== 4))).toEqual(['retry/0']);
    expect(holes([record('ATTEMPT_FAILED'), record('ATTEMPT_FAILED', 'retry')])).toEqual(['main/0']);
    expect(holes([toDlq])).toEqual(['retry/0']);
    // The journal has forgotten its first records: nobody can say.
    expect(holes([toDlq], false)).toEqual([]);
  });

  test('sees an exhaustion that went both ways', () => {
    const both = [record('MAX_DELIVERIES'), toRetry, record('ROUTED', 'main', 0, { to: 'dlq' })];
    expect(fed(both).twice).toMatchObject([{ stage: 'main', cycle: 0 }]);
    expect(fed([record('MAX_DELIVERIES'), toRetry, toRetry]).twice).toEqual([]);
  });
});
