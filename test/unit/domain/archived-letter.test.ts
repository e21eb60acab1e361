import { describe, expect, it } from 'vitest';
import {
  type ArchivedLetter,
  archivedDocument,
  decodeArchived,
} from '../../../src/lib/domain/archived-letter.js';
import { recordMessageId } from '../../../src/lib/domain/record.js';
import { isArchived } from '../../../src/lib/domain/standing-step.js';
import { recordAbout } from '../../../src/lib/journal/record-about.js';
import { makePointer } from '../../support/dead-letters.js';

const origin = { stream: 'events', seq: 42, subject: 'events.a', time: '5' };
const letter: ArchivedLetter = {
  archive: 'one',
  pointer: makePointer(origin),
  deadAt: '2026-01-31T12:00:00.000Z',
  dlqSeq: 7,
  at: '2026-01-31T13:00:00.000Z',
  operator: 'ada@desk',
  task: 'archive-1',
  note: 'later',
};

function document(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const stored = JSON.parse(JSON.stringify(archivedDocument(letter))) as Record<string, unknown>;
  return { ...stored, ...overrides };
}

describe('the document of an archived dead letter', () => {
  it('is read as it was written', () => {
    expect(decodeArchived(document())).toEqual({ ok: true, value: letter });
    const { note: _, ...bare } = letter;
    expect(decodeArchived(document({ note: undefined }))).toEqual({ ok: true, value: bare });
  });

  it.each([
    ['v', 2],
    ['archive', 5],
    ['operator', ''],
    ['task', null],
    ['deadAt', 'soon'],
    ['at', 1],
    ['dlqSeq', -1],
    ['pointer', null],
    ['pointer', 'text'],
    ['pointer', {}],
    ['pointer', { ...(document()['pointer'] as object), stage: 'retry' }],
  ])('is refused with %s: %j, and says which', (key, value) => {
    expect(decodeArchived(document({ [key]: value }))).toEqual({
      ok: false,
      reason: expect.stringContaining(key),
    });
  });
});

describe('archived and restored, by the records', () => {
  const told = (kind: 'ARCHIVED' | 'RESTORED', archive: string) =>
    ({ kind, stage: 'dlq', cycle: 0, archive }) as const;

  it.each([
    ['archived', true, [told('ARCHIVED', 'a')]],
    ['restored', false, [told('ARCHIVED', 'a'), told('RESTORED', 'a')]],
    ['archived again', true, [told('ARCHIVED', 'a'), told('RESTORED', 'a'), told('ARCHIVED', 'b')]],
    ['archiving recorded late', false, [told('RESTORED', 'a'), told('ARCHIVED', 'a')]],
    ['restore recorded late', true, [told('ARCHIVED', 'a'), told('ARCHIVED', 'b'), told('RESTORED', 'a')]],
    ['neither', false, []],
  ])('%s: %s', (_what, archived, records) => {
    expect(isArchived(records)).toBe(archived);
  });

  it('each archiving has message ids of its own, and one that is repeated has the same', () => {
    const key = { tier: 'business', consumer: 'c', origin, stage: 'dlq', cycle: 0 } as const;
    const idOf = (kind: 'ARCHIVED' | 'RESTORED', archive: string, at: string): string =>
      recordMessageId(recordAbout(key, { kind, archive, at }));
    expect(idOf('ARCHIVED', 'a', 't1')).toBe(idOf('ARCHIVED', 'a', 't2'));
    const ids = [
      idOf('ARCHIVED', 'a', 't'),
      idOf('RESTORED', 'a', 't'),
      idOf('ARCHIVED', 'b', 't'),
      idOf('RESTORED', 'b', 't'),
    ];
    expect(new Set(ids).size).toBe(4);
  });
});
