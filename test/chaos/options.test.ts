import { expect, test } from 'vitest';

interface Options {
  readonly [name: string]: unknown;
}

type ReadOptions = (words: readonly string[], names: readonly string[]) => Options;

const { readOptions } = (await import(new URL('options.mjs', import.meta.url).href)) as {
  readOptions: ReadOptions;
};

const names = ['workers', 'rolling', 'poison'];

test('without further options: each scenario once, with seed 1, on the server of the tests', () => {
  expect(readOptions(['--all'], names)).toMatchObject({
    chosen: names,
    seeds: [1],
    serverVersions: [undefined],
    events: 10_000,
    durationMs: 40_000,
    only: undefined,
    baseline: false,
    resume: false,
  });
});

test('scenarios, seeds and versions are repeated for several; one named twice runs once', () => {
  const words = '--scenario poison --scenario rolling --scenario poison --seed 1 --seed 3 --seed 1'.split(
    ' ',
  );
  const versions = '--server-version 2.10.27 --server-version 2.15.1 --resume --out r.json'.split(' ');
  expect(readOptions([...words, ...versions], names)).toMatchObject({
    chosen: ['poison', 'rolling'],
    seeds: [1, 3],
    serverVersions: ['2.10.27', '2.15.1'],
    resume: true,
    out: 'r.json',
  });
});

test.each([
  ['', /--scenario <name> or --all/],
  ['--scenario nothing', /no scenario nothing: workers, rolling, poison/],
  ['--all --seed 1 --seed x', /--seed: expected a whole number of at least 0, got x/],
  ['--all --duration 2', /--duration: expected a whole number of at least 3, got 2/],
  ['--all --single --cluster', /not both/],
  ['--all --resume', /--resume needs --out/],
  ['--all --sedd 1', /--sedd/],
])('refuses %j', (line, message) => {
  const words = line.split(' ').filter((word) => word !== '');
  expect(() => readOptions(words, names)).toThrow(message);
});
