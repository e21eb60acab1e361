import fc from 'fast-check';
import { expect } from 'vitest';
import { makeFailure } from '../../../../src/lib/domain/failure.js';
import { deadLetterOf } from '../../../../src/lib/domain/dead-letter.js';
import { matcherOf, type Selectable } from '../../../../src/lib/domain/selection/match.js';
import { narrow } from '../../../../src/lib/domain/selection/narrow.js';
import { exactTexts } from '../../../../src/lib/domain/selection/pattern.js';
import type { SelectionKey, Term } from '../../../../src/lib/domain/selection/selection.js';
import { makePointer } from '../../../support/dead-letters.js';
import { property } from '../../../support/property.js';
import { nowMs, selection, term, termOf } from './arbitraries.js';
import { naivelyMatches, tasksOf, typeOf } from './naive.js';

const text = fc.string({ unit: fc.constantFrom('a', 'B', '1', '.', ' ', '*', 'é') });
const kinds = [
  'error',
  'timeout',
  'no-report',
  'rejected',
  'schema',
  'missing',
  'replaced',
  'malformed',
] as const;
const leaf = fc.oneof(text, fc.integer({ min: -9, max: 9 }), fc.boolean(), fc.constant(null));
const { value: data } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    leaf,
    fc.dictionary(fc.constantFrom('a', 'b'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
}));

const selectable: fc.Arbitrary<Selectable> = fc
  .record({
    consumer: fc.constantFrom('a', 'b', 'ab'),
    subject: fc.constantFrom('events.a', 'events.a.b', 'a', 'b.a.b'),
    seq: fc.integer({ min: 1, max: 9 }),
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('Error', 'A', 'aB'),
    message: fc.oneof(text, fc.constantFrom('a ORA-1: b', 'EAUTH', '550 a')),
    code: fc.option(fc.constantFrom('B', 'a1', 'ORA-1', '550'), { nil: undefined }),
    main: fc.nat(4),
    retry: fc.nat(4),
    cycle: fc.nat(4),
    ageMs: fc.oneof(fc.integer({ min: -1000, max: 7_200_000 }), fc.nat(3 * 86_400_000)),
    state: fc.option(
      fc.oneof(
        fc.record({ original: fc.constantFrom('missing', 'replaced'), originalExpiresAt: fc.constant(null) }),
        fc.record({
          original: fc.constant('present'),
          originalExpiresAt: fc.option(fc.nat(7_200_000).map((ms) => new Date(nowMs + ms).toISOString())),
        }),
      ),
      { nil: undefined },
    ),
    event: fc.option(
      fc.record({
        headers: fc.dictionary(
          fc.constantFrom('a', 'A', 'Nats-Msg-Id', 'b.c'),
          fc.array(text, { maxLength: 2 }),
          {
            noNullPrototype: true,
          },
        ),
        data,
      }),
      { nil: undefined },
    ),
    foreign: fc.boolean(),
  })
  .map(
    ({
      consumer,
      subject,
      seq,
      kind,
      name,
      message,
      code,
      main,
      retry,
      cycle,
      ageMs,
      state,
      event,
      foreign,
    }) => {
      const origin = { stream: 'events', subject, seq, time: '1' };
      const failure = makeFailure(kind, name, message, { code });
      const pointer = makePointer(origin, { consumer, cycle, failure, attempts: { main, retry } });
      const letter = deadLetterOf(pointer, new Date(nowMs - ageMs).toISOString());
      return { letter, ...(foreign ? {} : { pointer }), ...(state && { state }), ...(event && { event }) };
    },
  );

const context = { nowMs, typeOf, tasksOf };

property('a selection matches what it says', ['matches', 'does not'], (seen) =>
  fc.property(
    fc.oneof(
      selection,
      term.map((one) => ({ terms: [one] })),
    ),
    selectable,
    (one, letter) => {
      const expected = naivelyMatches(one, letter);
      seen(expected ? 'matches' : 'does not');
      expect(matcherOf(one.terms, context)(letter)).toBe(expected);
    },
  ),
);

property('a term holds, or the same with `-`, or nothing can be looked at', ['unknown'], (seen) =>
  fc.property(term, selectable, (one, letter) => {
    const holds = (not: boolean): boolean => matcherOf([{ ...one, not }], context)(letter);
    const known = holds(true) !== holds(false);
    if (!known) {
      seen('unknown');
      expect(['original', 'expires', 'header', 'data']).toContain(one.key);
      expect(holds(true)).toBe(false);
    }
  }),
);

/** As the server does what it is asked to. */
function serverSends(terms: readonly Term[], { letter }: Selectable): boolean {
  const { consumers, fromMs = Number.NEGATIVE_INFINITY } = narrow(terms, nowMs);
  return Date.parse(letter.deadAt) >= fromMs && (consumers?.includes(letter.consumer) ?? true);
}

const narrowing = fc.array(fc.constantFrom<SelectionKey[]>('consumer', 'age', 'dead').chain(termOf), {
  maxLength: 3,
});

property('what the server leaves out would not have matched', ['left out', 'wholly', 'narrowed'], (seen) =>
  fc.property(narrowing, selectable, (terms, letter) => {
    const matches = matcherOf(terms, context)(letter);
    const { rest, wholly, consumers } = narrow(terms, nowMs);
    const sent = serverSends(terms, letter);
    if (!sent) seen('left out');
    if (consumers) seen('narrowed');
    expect(sent && matcherOf(rest, context)(letter)).toBe(matches);
    if (!wholly) return;
    seen('wholly');
    expect(sent).toBe(matches);
    expect(terms.every((one) => one.key !== 'consumer' || exactTexts(one).length === one.values.length)).toBe(
      true,
    );
  }),
);
