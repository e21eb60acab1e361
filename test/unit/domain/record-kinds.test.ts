import { describe, expect, test } from 'vitest';
import {
  endsOfKind,
  exhaustionKinds,
  isExhaustion,
  isRecordKind,
  recordKinds,
  stageEnds,
  writtenBy,
} from '../../../src/lib/domain/record-kinds.js';

describe('the table of kinds', () => {
  test('the two exhaustions end a stage and no more', () => {
    expect(exhaustionKinds).toEqual(['MAX_DELIVERIES', 'MSG_TERMINATED']);
    expect(recordKinds.filter((kind) => isExhaustion(kind))).toEqual(exhaustionKinds);
  });

  test('a success is looked for before an exhaustion: it may come later, and decides', () => {
    expect(stageEnds).toEqual(['RESOLVED', 'MAX_DELIVERIES', 'MSG_TERMINATED']);
  });

  test('only what a person or a success ends is over for good', () => {
    expect(recordKinds.filter((kind) => endsOfKind(kind) === 'case')).toEqual(['RESOLVED', 'DISCARDED']);
    expect(endsOfKind('REPLAYED')).toBe('dead-letter');
  });

  test('somebody writes each of them', () => {
    const writers = [
      'worker',
      'router',
      'repair',
      'replay',
      'discard',
      'move',
      'archive',
      'rescue',
      'edit',
    ] as const;
    const written = new Set(writers.flatMap((writer) => writtenBy(writer)));
    expect(recordKinds.filter((kind) => !written.has(kind))).toEqual([]);
  });

  test.each(['', 'attempt_failed', 'toString', '__proto__', 7, undefined, null])('%s is no kind', (value) => {
    expect(isRecordKind(value)).toBe(false);
  });
});
