import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decided, type GroupDecision } from '../../../src/lib/domain/group-decision.js';
import { decodeGroup, emptyGroup, type GroupDocument } from '../../../src/lib/domain/group-document.js';
import { groupIdOf } from '../../../src/lib/domain/group-id.js';
import { type GroupFacts, mutedUntil, statusOf, togetherOf } from '../../../src/lib/domain/group-status.js';

const at = '2026-01-31T12:00:00.000Z';
const nowMs = Date.parse(at);
const later = '2026-01-31T13:00:00.000Z';
const kind = {
  fingerprint: '0123456789ab',
  name: 'Error',
  code: '',
  shape: { words: ['a', '#'], fixed: [0] },
};
const empty = emptyGroup({ id: groupIdOf('mail', kind.fingerprint), consumer: 'mail', kind, code: null });

const facts = (more: Partial<GroupFacts> = {}): GroupFacts => ({
  nowMs,
  oldestDlqSeq: 1,
  diedSince: () => 0,
  appliedAt: undefined,
  ...more,
});

function after(...decisions: readonly GroupDecision[]): GroupDocument {
  return decisions.reduce(
    (group, decision) => decided(group, decision, { at, by: 'ana', dlqSeq: 10 }) ?? group,
    empty,
  );
}

describe('where a group stands', () => {
  it('is new until somebody acknowledges it', () => {
    expect(statusOf(undefined, facts())).toBe('new');
    expect(statusOf(empty, facts())).toBe('new');
    expect(statusOf(after({ do: 'note', text: 'hm' }), facts())).toBe('new');
    expect(statusOf(after({ do: 'ack' }), facts())).toBe('open');
  });

  it('is muted for a time, for so many dead letters, or until the next apply; then open', () => {
    const mute = (until: string): GroupDocument => after({ do: 'mute', until });
    expect(statusOf(mute(later), facts())).toBe('muted');
    expect(statusOf(mute(later), facts({ nowMs: Date.parse(later) }))).toBe('open');
    expect(mutedUntil(mute('100x'), facts({ diedSince: () => 99 }))).toBe('100x');
    expect(statusOf(mute('100x'), facts({ diedSince: ({ dlqSeq }) => dlqSeq * 10 }))).toBe('open');
    expect(statusOf(mute('deploy'), facts())).toBe('muted');
    expect(statusOf(mute('deploy'), facts({ appliedAt: at }))).toBe('muted');
    expect(statusOf(mute('deploy'), facts({ appliedAt: later }))).toBe('open');
    expect(statusOf(after({ do: 'mute', until: later }, { do: 'unmute' }), facts())).toBe('open');
  });

  it('is back when a pipeline told so, until it is acknowledged again', () => {
    const told = { at, dlqSeq: 3 };
    expect(statusOf({ ...empty, told, back: { at, dlqSeq: 20 } }, facts())).toBe('back');
    const seen = { ...after({ do: 'ack' }), told, back: { at, dlqSeq: 20 } };
    expect(statusOf(seen, facts())).toBe('back');
    const again = decided(seen, { do: 'ack' }, { at, by: 'ana', dlqSeq: 20 });
    expect(statusOf(again, facts())).toBe('open');
    // It died before somebody looked.
    expect(statusOf({ ...after({ do: 'ack' }), back: { at, dlqSeq: 9 } }, facts())).toBe('open');
  });

  it('where no pipeline tells: is back when all that had been seen have left', () => {
    const seen = after({ do: 'ack' });
    expect(statusOf(seen, facts({ oldestDlqSeq: 10 }))).toBe('open');
    expect(statusOf(seen, facts({ oldestDlqSeq: 11 }))).toBe('back');
    expect(statusOf({ ...seen, told: { at, dlqSeq: 3 } }, facts({ oldestDlqSeq: 11 }))).toBe('open');
  });

  it('of two that turn out to be one: the last decision, and all that was told', () => {
    const other = { ...empty, id: 'bbbbbbbbbbbb', told: { at, dlqSeq: 4 }, back: { at, dlqSeq: 30 } };
    expect(togetherOf([])).toBeUndefined();
    expect(togetherOf([empty, other])).toMatchObject({ id: empty.id, told: other.told, back: other.back });
    const noted = decided(other, { do: 'note', text: 'x' }, { at, by: 'ana', dlqSeq: 1 }) ?? other;
    expect(togetherOf([after(), noted])).toMatchObject({ id: other.id, note: 'x' });
  });
});

describe('a decision about a group', () => {
  it('that stands already changes nothing', () => {
    const all: GroupDecision[] = [
      { do: 'ack' },
      { do: 'mute', until: later },
      { do: 'assign', to: 'ana' },
      { do: 'note', text: 'x' },
    ];
    const group = after(...all);
    for (const one of all) expect(decided(group, one, { at, by: 'bob', dlqSeq: 10 })).toBeUndefined();
    expect(decided(empty, { do: 'unmute' }, { at, by: 'bob', dlqSeq: 10 })).toBeUndefined();
    expect(decided(group, { do: 'ack' }, { at, by: 'bob', dlqSeq: 10, incident: 'INC-1' })).toMatchObject({
      incident: 'INC-1',
    });
  });

  it('keeps the newest 50 changes', () => {
    const notes = Array.from({ length: 60 }, (_, n): GroupDecision => ({ do: 'note', text: `note ${n}` }));
    const { history } = after(...notes);
    expect([history.length, history[0]?.did, history.at(-1)?.did]).toEqual([
      50,
      'noted: note 10',
      'noted: note 59',
    ]);
  });
});

it('a document is read as it was written, and what is none is refused', () => {
  const group = after({ do: 'mute', until: '5x' }, { do: 'assign', to: 'ana' });
  const decode = (value: object): unknown => {
    const decoded = decodeGroup(JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
    return decoded.ok ? decoded.value : decoded.reason;
  };
  expect(decode(group)).toEqual(group);
  expect(decode({ ...group, v: 2 })).toBe('v: expected 1');
  expect(decode({ ...group, id: 'x' })).toMatch(/^id: /);
  expect(decode({ ...group, kind: { ...kind, shape: { words: [1], fixed: [] } } })).toMatch(/^kind: /);
  // Other values are left out, so that the group can still be read.
  expect(
    decode({ ...group, note: 7, acked: { at: 'x', dlqSeq: 1 }, mute: { until: 5 }, history: [1] }),
  ).toMatchObject({
    note: null,
    acked: null,
    mute: null,
    history: [],
  });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      decodeGroup({ ...group, ...value });
    }),
  );
});
