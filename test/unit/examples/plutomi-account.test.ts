import { describe, expect, test } from 'vitest';

type Row = readonly [string, number, number, string?];
type RowsOf = (facts: {
  logins: readonly string[];
  others: readonly string[];
  mails: ReadonlyMap<string, number>;
  rows: ReadonlyMap<string, number>;
  deadLetters: number;
}) => readonly Row[];

const { rowsOf } = (await import(
  new URL('../../../examples/plutomi/demo/account.mjs', import.meta.url).href
)) as { rowsOf: RowsOf };

const once = (...ids: string[]) => new Map(ids.map((id) => [id, 1]));
const logins = ['a', 'b'];
const others = ['applied'];
const all = once('a', 'b', 'applied');

/** The rows that are not as expected. */
const differing = (rows: readonly Row[]) =>
  rows.filter(([, found, expected]) => found !== expected).map(([name]) => name);

describe("the demo's closing account", () => {
  test('adds up when each login has its e-mail, each event its row, and no dead letter is left', () => {
    const rows = rowsOf({ logins, others, mails: once('a', 'b'), rows: all, deadLetters: 0 });
    expect(differing(rows)).toEqual([]);
    expect(Object.fromEntries(rows.map(([name, found]) => [name, found]))).toEqual({
      'logins published': 2,
      'e-mails received': 2,
      'e-mails of no login': 0,
      'analytics rows': 3,
      'dead letters left': 0,
    });
  });

  test('an e-mail that came twice is told, and is no loss', () => {
    const mails = new Map([
      ['a', 2],
      ['b', 1],
    ]);
    const rows = rowsOf({ logins, others, mails, rows: all, deadLetters: 0 });
    expect(differing(rows)).toEqual([]);
    expect(rows[1]).toEqual(['e-mails received', 2, 2, '(1 of them came again, with the same id)']);
  });

  test.each([
    ['an e-mail is missing', once('a'), all, 0, 'e-mails received'],
    ['a row is missing', once('a', 'b'), once('a', 'b'), 0, 'analytics rows'],
    ['a dead letter is left', once('a', 'b'), all, 1, 'dead letters left'],
    ['something came that nobody published', once('a', 'b', 'c'), all, 0, 'e-mails of no login'],
  ])('%s: it does not add up', (_what, mails, rows, deadLetters, wrong) => {
    expect(differing(rowsOf({ logins, others, mails, rows, deadLetters }))).toEqual([wrong]);
  });
});
