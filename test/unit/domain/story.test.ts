import { describe, expect, test } from 'vitest';
import type { Stage } from '../../../src/lib/domain/key.js';
import { inOrderOfStory, mergedOrder, type Told } from '../../../src/lib/domain/story.js';
import type { RecordKind } from '../../../src/lib/domain/record-kinds.js';

/** `kind stage/cycle attempt`, in the order of the journal. */
function records(...lines: string[]): Told[] {
  return lines.map((line, i) => {
    const [kind, place = '', attempt, late] = line.split(' ');
    const [stage, cycle] = place.split('/');
    return {
      journalSeq: i + 1,
      kind: kind as RecordKind,
      stage: stage as Stage,
      cycle: Number(cycle),
      ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
      ...(late === undefined ? {} : { late: true }),
    };
  });
}

function order(...lines: string[]): string[] {
  return inOrderOfStory(records(...lines)).map(({ journalSeq }) => lines[journalSeq - 1] ?? '');
}

describe('inOrderOfStory', () => {
  test('puts a replay and a routing before what they led to, however late they were stored', () => {
    expect(
      order(
        'ATTEMPT_FAILED main/0 1',
        'MAX_DELIVERIES main/0',
        'ATTEMPT_FAILED retry/0 1',
        'ROUTED main/0',
        'MAX_DELIVERIES retry/0',
        'ROUTED retry/0',
        'ATTEMPT_FAILED retry/1 1',
        'MAX_DELIVERIES retry/1',
        'REPLAYED dlq/1',
        'ROUTED retry/1',
        'DISCARDED dlq/1',
      ),
    ).toEqual([
      'ATTEMPT_FAILED main/0 1',
      'MAX_DELIVERIES main/0',
      'ROUTED main/0',
      'ATTEMPT_FAILED retry/0 1',
      'MAX_DELIVERIES retry/0',
      'ROUTED retry/0',
      'REPLAYED dlq/1',
      'ATTEMPT_FAILED retry/1 1',
      'MAX_DELIVERIES retry/1',
      'ROUTED retry/1',
      'DISCARDED dlq/1',
    ]);
  });

  test('an exhaustion that tells of the last attempt ends the count of its consumer', () => {
    const lines = [
      'ATTEMPT_FAILED main/0 1',
      'ATTEMPT_STARTED main/0 2',
      'MAX_DELIVERIES main/0 2',
      'ATTEMPT_STARTED main/0 2',
      'ATTEMPT_FAILED main/0 2',
    ];
    // The second worker's report is of the same attempt.
    expect(order(...lines)).toEqual([
      'ATTEMPT_FAILED main/0 1',
      'ATTEMPT_STARTED main/0 2',
      'ATTEMPT_STARTED main/0 2',
      'ATTEMPT_FAILED main/0 2',
      'MAX_DELIVERIES main/0 2',
    ]);
  });

  test('puts an attempt whose report came late before the next one', () => {
    expect(order('ATTEMPT_STARTED main/0 2', 'ATTEMPT_FAILED main/0 1', 'ATTEMPT_FAILED main/0 2')).toEqual([
      'ATTEMPT_FAILED main/0 1',
      'ATTEMPT_STARTED main/0 2',
      'ATTEMPT_FAILED main/0 2',
    ]);
  });

  test('keeps a snooze between the two runs of its attempt', () => {
    const lines = [
      'ATTEMPT_FAILED main/0 1',
      'ATTEMPT_STARTED main/0 2',
      'SNOOZED main/0 2',
      'ATTEMPT_STARTED main/0 2',
      'RESOLVED main/0 2',
    ];
    expect(order(...lines)).toEqual(lines);
  });

  test('keeps apart what a consumer counted that was made anew since', () => {
    const lines = [
      'ATTEMPT_FAILED main/0 1',
      'ATTEMPT_FAILED main/0 2',
      'ATTEMPT_FAILED main/0 1',
      'RESOLVED main/0 2',
    ];
    expect(order(...lines)).toEqual(lines);
  });

  test('puts a success that came late behind what had been made of the event meanwhile', () => {
    const lines = ['MAX_DELIVERIES main/0', 'ROUTED main/0', 'RESOLVED main/0 1 late'];
    expect(order(...lines)).toEqual(lines);
  });
});

test('the stories of several consumers are merged without turning one around', () => {
  const story = inOrderOfStory(
    records('ATTEMPT_FAILED retry/1 1', 'MAX_DELIVERIES retry/1', 'REPLAYED dlq/1'),
  );
  expect(story.map(({ journalSeq }) => journalSeq)).toEqual([3, 1, 2]);
  expect(mergedOrder(story)).toEqual([3, 3, 3]);
});
