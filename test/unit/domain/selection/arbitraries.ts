import fc from 'fast-check';
import { longestDurationMs } from '../../../../src/lib/domain/duration.js';
import {
  type Comparison,
  factsOf,
  type Operator,
  type Pattern,
  type SelectionKey,
  selectionKeys,
  type Selection,
  type Term,
  type Value,
} from '../../../../src/lib/domain/selection/selection.js';
import { spanOfMoment } from '../../../../src/lib/domain/moment.js';

const operators: readonly Operator[] = ['=', '>', '>=', '<', '<='];
const keys = Object.keys(selectionKeys) as SelectionKey[];

/** Few characters, so that much of it is alike; all that has a meaning of its own is among them. */
const piece = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'B', '1', '.', '*', ',', '"', '\\', ' ', ':', '-', '<', '>', 'é', '\n'),
  }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('1..2', '..', '1..', '..-5e3', '1...5', 'a..b', 'ORA-1', '550'),
);

const pattern: fc.Arbitrary<Pattern> = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.filter((one, i) => one !== '' || i === 0 || i === pieces.length - 1));

const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '_', '1'), minLength: 1, maxLength: 6 });

/** Of what is in no event, the empty text is no condition. */
const condition = pattern.filter((one) => one.length > 1 || one.some((text) => text.trim() !== ''));

/** Where text of any kind would be refused. */
const fitting: Partial<Record<SelectionKey, fc.Arbitrary<Pattern>>> = {
  consumer: fc.oneof(
    name.map((one) => [one]),
    pattern.filter((one) => one.length > 1),
  ),
  subject: fc
    .array(fc.constantFrom('events', 'a', 'b', '*'), { minLength: 1, maxLength: 4 })
    .chain((tokens) => fc.constantFrom(tokens, [...tokens, '>']))
    .map((tokens) => tokens.join('.').split('*')),
  group: fc.oneof(
    fc.string({ minLength: 6 }).map((one) => [one]),
    pattern.filter((one) => one.length > 1),
  ),
  reason: pattern.filter((one) => one.some((text) => text.trim() !== '')),
  type: condition,
  name: condition,
  code: condition,
  task: condition.filter((one) => one.length === 1),
};

function comparison<T>(
  value: fc.Arbitrary<T>,
  ascends: (a: T, b: T) => boolean,
  ops: readonly Operator[],
): fc.Arbitrary<Comparison<T>> {
  return fc.oneof(
    fc.record({ op: fc.constantFrom(...ops), value }),
    fc.tuple(value, value).map(([a, b]) => (ascends(a, b) ? { from: a, to: b } : { from: b, to: a })),
  );
}

const upTo = (a: number, b: number): boolean => a <= b;
const count = comparison(fc.oneof(fc.nat(9), fc.nat()), upTo, operators);
const duration = comparison(
  fc.oneof(fc.nat(7_200_000), fc.nat(longestDurationMs)),
  upTo,
  operators.filter((op) => op !== '='),
);
const dataNumber = comparison(
  fc
    .oneof(fc.integer({ min: -9, max: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true }))
    .map((one) => one + 0),
  upTo,
  operators.filter((op) => op !== '='),
);

export const nowMs = Date.parse('2026-11-20T12:00:00.000Z');

const isoText = fc
  .integer({ min: -300_000, max: 300_000 })
  .map((seconds) => new Date(nowMs + seconds * 1000).toISOString())
  .chain((iso) =>
    fc.constantFrom(iso, iso.slice(0, 10), `${iso.slice(0, 16)}Z`, `${iso.slice(0, 19)}Z`, iso.slice(0, 16)),
  );

const startOf = (text: string): number => spanOfMoment(text)?.fromMs ?? Number.NaN;
const moment = comparison(isoText, (a, b) => startOf(a) <= (spanOfMoment(b)?.toMs ?? Number.NaN), operators);

function valueOf(key: SelectionKey): fc.Arbitrary<Value> {
  const { takes, choices = [] } = factsOf(key);
  const text = fitting[key === 'fingerprint' ? 'group' : key] ?? pattern;
  const asText = (one: fc.Arbitrary<Pattern>): fc.Arbitrary<Value> =>
    one.map((found) => ({ is: 'text', pattern: found }));
  switch (takes) {
    case 'count':
      return count.map((found) => ({ is: 'number', comparison: found }));
    case 'duration':
      return duration.map((found) => ({ is: 'number', comparison: found }));
    case 'moment':
      return moment.map((found) => ({ is: 'moment', comparison: found }));
    case 'choice':
      return asText(
        fc.oneof(
          fc.constantFrom(...choices).map((one) => [one]),
          pattern.filter((one) => one.length > 1),
        ),
      );
    case 'data':
      return fc.oneof(
        asText(text),
        dataNumber.map((found): Value => ({ is: 'number', comparison: found })),
      );
    default:
      return asText(text);
  }
}

const pathOf: Partial<Record<SelectionKey, fc.Arbitrary<string>>> = {
  header: fc.constantFrom('Nats-Msg-Id', 'a', 'B.c'),
  data: fc.constantFrom('a', 'a.b', 'a.0', 'b.a.1'),
};

export function termOf(key: SelectionKey): fc.Arbitrary<Term> {
  const path = pathOf[key];
  return fc.record({
    key: fc.constant(key),
    ...(path === undefined ? {} : { path }),
    not: fc.boolean(),
    values: fc.array(valueOf(key), { minLength: 1, maxLength: 3 }),
  });
}

export const term: fc.Arbitrary<Term> = fc.constantFrom(...keys).chain(termOf);

export const selection: fc.Arbitrary<Selection> = fc.record({ terms: fc.array(term, { maxLength: 4 }) });
