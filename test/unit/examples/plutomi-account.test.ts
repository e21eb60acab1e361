import { describe, expect, test } from 'vitest';

interface Account {
  readonly entries: readonly (readonly [string, number, string?])[];
  readonly lost: readonly string[];
  readonly addsUp: boolean;
}
type CloseAccount = (facts: {
  published: readonly string[];
  mails: ReadonlyMap<string, number>;
  rows: ReadonlyMap<string, number>;
  deadLetters: number;
}) => Account;

const { closeAccount } = (await import(
  new URL('../../../examples/plutomi/demo/account.mjs', import.meta.url).href
)) as { closeAccount: CloseAccount };

const once = (...ids: string[]) => new Map(ids.map((id) => [id, 1]));
const published = ['a', 'b'];

describe("the demo's closing account", () => {
  test('adds up when each event has its e-mail and its row, and no dead letter is left', () => {
    const { entries, addsUp } = closeAccount({
      published,
      mails: once('a', 'b'),
      rows: once('a', 'b'),
      deadLetters: 0,
    });
    expect(addsUp).toBe(true);
    expect(Object.fromEntries(entries.map(([name, count]) => [name, count]))).toEqual({
      published: 2,
      'e-mails received': 2,
      'analytics rows': 2,
      'dead letters left': 0,
      lost: 0,
    });
  });

  test('an e-mail that came twice is told, and is no loss', () => {
    const mails = new Map([
      ['a', 2],
      ['b', 1],
    ]);
    const { entries, addsUp } = closeAccount({ published, mails, rows: once('a', 'b'), deadLetters: 0 });
    expect(addsUp).toBe(true);
    expect(entries[1]).toEqual(['e-mails received', 2, '(1 of them came again, with the same id)']);
  });

  test.each([
    ['an e-mail is missing', once('a'), once('a', 'b'), 0, ['b']],
    ['a row is missing', once('a', 'b'), once('b'), 0, ['a']],
    ['a dead letter is left', once('a', 'b'), once('a', 'b'), 1, []],
    ['something came that nobody published', once('a', 'b', 'c'), once('a', 'b'), 0, []],
  ])('%s: it does not add up', (_what, mails, rows, deadLetters, lost) => {
    expect(closeAccount({ published, mails, rows, deadLetters })).toMatchObject({ addsUp: false, lost });
  });
});
