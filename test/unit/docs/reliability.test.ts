import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

interface Row {
  readonly [field: string]: unknown;
}

interface Document {
  readonly readRows: () => Row[];
  readonly rowsOf: (results: readonly Row[]) => Row[];
  readonly tablesOf: (rows: readonly Row[]) => Readonly<Record<string, string>>;
  readonly withTables: (page: string, tables: Readonly<Record<string, string>>) => string;
}

const { readRows, rowsOf, tablesOf, withTables } = (await import(
  new URL('../../chaos/document.mjs', import.meta.url).href
)) as Document;

test('the tables of the page are made of the rows beside it', async () => {
  const page = await readFile(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
  expect(withTables(page, tablesOf(readRows()))).toBe(page);
});

test('a line sums up the seeds of a scenario, topology and version, and names a run that failed', () => {
  const run = {
    scenario: 'workers',
    topology: 'single',
    server: '2.15.1',
    design: 'plutomi-events',
    commit: 'abc',
    startedAt: '2026-01-31T12:00:00.000Z',
    ok: true,
    events: 10_000,
    lost: 0,
    wrong: 0,
    longestSilenceMs: 1000,
    quietMs: 2000,
  };
  const rows = rowsOf([
    { ...run, seed: 2, startedAt: '2026-01-31T13:00:00.000Z', quietMs: 9000 },
    { ...run, seed: 2, lost: 7 },
    { ...run, seed: 1, longestSilenceMs: 3500 },
    { ...run, seed: 3, ok: false, error: 'never quiet' },
  ]);
  const [, , line] = tablesOf(rows)['overview']?.split('\n') ?? [];
  expect(line).toMatch(/^\| workers \| one \| 2\.15\.1 \| 1, 2, 3 \| 30,000 \|/);
  expect(line).toMatch(/\| \*\*0\*\* \| \*\*0\*\* \| 0 \| 3\.5 s \| 2–9 s \| abc \| seed 3: never quiet \|$/);
});
