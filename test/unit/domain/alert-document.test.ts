import { expect, test } from 'vitest';
import type { Alert } from '../../../src/lib/domain/alert.js';
import {
  type AlertDocument,
  claimed,
  decodeAlert,
  heldBy,
  mostNotices,
  type Noticed,
  raised,
  released,
  resolved,
  toldTo,
} from '../../../src/lib/domain/alert-document.js';
import type { JsonObject } from '../../../src/lib/domain/decode.js';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString();

function noticed(second: number, changes: Partial<Noticed> = {}): Noticed {
  const alert: Alert = {
    id: `p-count-${second}`,
    pipeline: 'p',
    condition: 'count',
    state: 'firing',
    since: at(second),
    at: at(second),
    text: 'text',
    value: 3,
    threshold: 2,
    about: null,
    level: null,
    group: null,
  };
  return {
    name: 'count',
    alert,
    cause: '',
    dlqSeq: null,
    by: 'a',
    to: ['log', 'webhook'],
    claimUntil: at(30),
    heldUntil: null,
    ...changes,
  };
}

function must(document: AlertDocument | undefined): AlertDocument {
  if (!document) throw new Error('no document');
  return document;
}

test('fires once, is over once, and fires again', () => {
  const first = must(raised(undefined, noticed(1)));
  expect(first).toMatchObject({
    state: 'firing',
    since: at(1),
    by: 'a',
    claim: { by: 'a' },
    deliveredAt: null,
  });
  expect(raised(first, noticed(2, { by: 'b' }))).toBeUndefined();
  const over = must(resolved(first, noticed(3, { by: 'b' })));
  // Whoever tells that it fires tells this one too, in this order.
  expect(over).toMatchObject({ state: 'resolved', since: at(1), claim: { by: 'a' } });
  expect(over.notices.map(({ alert: { state, since, at: when } }) => [state, since, when])).toEqual([
    ['firing', at(1), at(1)],
    ['resolved', at(1), at(3)],
  ]);
  expect(resolved(over, noticed(4))).toBeUndefined();
  expect(raised(over, noticed(5))).toMatchObject({ state: 'firing', since: at(5) });
  expect(resolved(undefined, noticed(1))).toBeUndefined();
});

test('the same cause is told once, also when it is over; another one while it fires', () => {
  const first = must(raised(undefined, noticed(1, { cause: 'new' })));
  const over = must(resolved(first, noticed(2, { cause: 'new' })));
  expect(raised(over, noticed(3, { cause: 'new' }))).toBeUndefined();
  expect(raised(first, noticed(3, { cause: 'back-7' }))).toMatchObject({ cause: 'back-7' });
  expect(resolved(first, noticed(3, { cause: 'back-7' }))).toBeUndefined();
});

test('one process at a time tells it, and another one when that one is silent', () => {
  const first = must(raised(undefined, noticed(1)));
  const claim = (by: string, second: number) =>
    claimed(first, { by, nowMs: Date.parse(at(second)), until: at(second + 30) });
  expect(claim('b', 29)).toBeUndefined();
  expect(claim('a', 29)?.claim).toEqual({ by: 'a', until: at(59) });
  expect(claim('b', 30)).toMatchObject({ by: 'b', claim: { by: 'b' } });
  expect(released(first, 'b')).toBeUndefined();
  expect(released(first, 'a')?.claim).toBeNull();
});

test('it is not over while another process sees too much, and no longer than that one says so', () => {
  const first = must(raised(undefined, noticed(1, { heldUntil: at(20) })));
  expect(first.held).toEqual({ by: 'a', until: at(20) });
  expect(resolved(first, noticed(19, { by: 'b' }))).toBeUndefined();
  // Its own limits are its own business.
  expect(resolved(first, noticed(19))).toMatchObject({ state: 'resolved', held: null });
  const term = (by: string, second: number) => ({ by, until: at(second + 20), unlessUntil: at(second + 15) });
  expect(heldBy(first, term('c', 5))).toBeUndefined();
  const again = must(heldBy(first, term('c', 6)));
  expect(again).toEqual({ ...first, held: { by: 'c', until: at(26) } });
  expect(resolved(again, noticed(25, { by: 'b' }))).toBeUndefined();
  const over = must(resolved(again, noticed(26, { by: 'b' })));
  expect(over).toMatchObject({ state: 'resolved', held: null });
  expect(heldBy(over, term('c', 27))).toBeUndefined();
  expect(heldBy(undefined, term('c', 27))).toBeUndefined();
});

test('it is delivered when it was told everywhere', () => {
  const first = must(raised(undefined, noticed(1)));
  const id = 'p-count-1';
  const logged = must(toldTo(first, id, ['log'], at(2)));
  expect(logged).toMatchObject({ deliveredAt: null, notices: [{ todo: ['webhook'] }], claim: { by: 'a' } });
  expect(toldTo(logged, id, ['log'], at(3))).toBeUndefined();
  expect(toldTo(logged, 'another', ['webhook'], at(3))).toBeUndefined();
  expect(toldTo(logged, id, ['webhook'], at(3))).toMatchObject({
    deliveredAt: at(3),
    notices: [],
    claim: null,
  });
});

test('what nobody takes does not grow without end: the oldest go', () => {
  let document: AlertDocument | undefined;
  for (let n = 0; n < 30; n++) {
    const change = n % 2 === 0 ? raised : resolved;
    document = must(change(document, noticed(n)));
  }
  expect(document?.notices).toHaveLength(mostNotices);
  expect(document?.notices.at(-1)?.alert.id).toBe('p-count-29');
});

test('a document is read as it was written, and what is none has a reason', () => {
  const group = { id: '0123456789ab', consumer: 'c', sample: 'c/7', reason: '' };
  const own = noticed(1, { name: 'group-0123456789ab', cause: 'new', dlqSeq: 7 });
  const document = must(raised(undefined, { ...own, alert: { ...own.alert, condition: 'newGroup', group } }));
  const read = (value: unknown): unknown => {
    const decoded = decodeAlert(value as JsonObject);
    return decoded.ok ? decoded.value : decoded.reason;
  };
  expect(read(JSON.parse(JSON.stringify(document)))).toEqual(document);
  expect(read({})).toBe('v: expected 1');
  expect(read({ ...document, v: 2 })).toBe('v: expected 1');
  expect(read({ ...document, name: 3 })).toBe('name: expected a name');
  expect(read({ ...document, condition: 'x' })).toBe('condition: expected one of an alert');
  expect(read({ ...document, state: 'x' })).toBe('state: expected firing or resolved');
  expect(read({ ...document, since: 'x' })).toBe('since: expected a time');
  const strange = {
    notices: [null, {}, { alert: {}, todo: [] }, { alert: document, todo: ['moon'] }],
    claim: 'x',
    held: { by: 'a' },
    dlqSeq: -1,
    group: [],
  };
  expect(read({ ...document, ...strange })).toMatchObject({
    notices: [],
    claim: null,
    held: null,
    dlqSeq: null,
    group: null,
  });
  const held = { ...document, held: { by: 'a', until: at(9) } };
  expect(read(JSON.parse(JSON.stringify(held)))).toEqual(held);
});
