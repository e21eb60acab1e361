import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface Result {
  readonly [field: string]: unknown;
}

interface Results {
  succeeded(run: Result): Result | undefined;
  add(result: Result): Result;
}

type MakeResults = new (options: { readonly out?: string; readonly resume: boolean }) => Results;

const { Results } = (await import(new URL('results.mjs', import.meta.url).href)) as { Results: MakeResults };

const run = {
  scenario: 'workers',
  topology: 'single',
  design: 'plutomi-events',
  server: '2.15.1',
  seed: 1,
  events: 300,
  durationMs: 6000,
  build: 'a1',
};

let folder = '';
let out = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plutomi-chaos-results-'));
  out = join(folder, 'chaos.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(): Promise<unknown> {
  return (JSON.parse(await readFile(out, 'utf8')) as { results: unknown }).results;
}

test('each result is in the file as soon as it is there; a new one replaces that of the same run', async () => {
  const results = new Results({ out, resume: false });
  results.add({ ...run, ok: false });
  results.add({ ...run, seed: 2, ok: true });
  expect(await written()).toEqual([
    { ...run, ok: false },
    { ...run, seed: 2, ok: true },
  ]);
  results.add({ ...run, ok: true });
  expect(await written()).toEqual([
    { ...run, seed: 2, ok: true },
    { ...run, ok: true },
  ]);
});

test('what the same build has succeeded in is known with --resume; all else runs again', async () => {
  new Results({ out, resume: false }).add({ ...run, ok: true, lost: 0 });
  const resumed = new Results({ out, resume: true });
  expect(resumed.succeeded(run)).toMatchObject({ lost: 0 });
  expect(resumed.succeeded({ ...run, build: 'b2' })).toBeUndefined();
  expect(resumed.succeeded({ ...run, seed: 2 })).toBeUndefined();
  expect(resumed.succeeded({ ...run, events: 10_000 })).toBeUndefined();
  resumed.add({ ...run, ok: false });
  expect(resumed.succeeded(run)).toBeUndefined();
  expect(new Results({ out, resume: false }).succeeded(run)).toBeUndefined();
});

test('--resume without a file yet begins one', async () => {
  new Results({ out, resume: true }).add({ ...run, ok: true });
  expect(await written()).toHaveLength(1);
});
