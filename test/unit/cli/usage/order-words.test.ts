import { expect, test } from 'vitest';
import { globalFlags } from '../../../../src/lib/cli/flags/global-flags.js';
import { orderWords } from '../../../../src/lib/cli/usage/order-words.js';
import { wantsJson } from '../../../../src/lib/cli/output/wants-json.js';

test.each([
  ['', ''],
  ['dlq list --limit 3', 'dlq list --limit 3'],
  ['help', '--help'],
  ['help dlq list', 'dlq list --help'],
  ['version', '--version'],
  ['version --json', '--version --json'],
  ['--version', '--version'],
  ['--help', '--help'],
  ['-h', '-h'],
  ['--json', '--json --help'],
  ['--no-color -h', '--no-color -h'],
  ['--json dlq list', 'dlq list --json'],
  ['-s nats://one dlq list -L 3', 'dlq list -L 3 -s nats://one'],
  ['--server=nats://one --timeout 3s dlq show a/1', 'dlq show a/1 --server=nats://one --timeout 3s'],
  ['--json events explain -- -x', 'events explain --json -- -x'],
  ['--server', '--server --help'],
  ['--nope dlq list', '--nope dlq list'],
  ['--json --nope dlq list', '--nope dlq list --json'],
])('the words "%s" are taken as "%s"', async (typed, taken) => {
  const ordered = await orderWords(typed === '' ? [] : typed.split(' '), async () => globalFlags);
  expect(ordered.join(' ')).toBe(taken);
});

test.each([
  ['--json', true],
  ['-o json', true],
  ['-ojson', true],
  ['-o=json', true],
  ['--output json', true],
  ['--output=json', true],
  ['--output ndjson', false],
  ['-o table', false],
  ['json', false],
])('"%s" asks for JSON: %s', (typed, expected) => {
  expect(wantsJson(['dlq', 'list', ...typed.split(' ')])).toBe(expected);
});
