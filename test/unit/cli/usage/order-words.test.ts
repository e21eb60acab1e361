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
  ['--server nats://one', '--server nats://one --help'],
  ['--server --help', '--server --help'],
  ['--nope dlq list', '--nope dlq list'],
  ['--json --nope dlq list', '--nope dlq list --json'],
])('the words "%s" are taken as "%s"', async (typed, taken) => {
  const ordered = await orderWords(typed === '' ? [] : typed.split(' '), async () => globalFlags);
  expect(ordered.join(' ')).toBe(taken);
});

test.each([
  [['--server'], '--server needs a value: <url>, server URLs'],
  [['-s'], '--server needs a value'],
  [['--server='], '--server needs a value'],
  [['--server', ''], '--server needs a value'],
  [['--server', '--json'], '--server needs a value'],
  [['--json', '--context'], '--context needs a value: <name>'],
  [['--output', 'yaml'], '--output: expected text or json, found "yaml"'],
  [['--json=true'], '--json takes no value'],
  [['--'], 'no command stands before --'],
  [['--json', '--'], 'no command stands before --'],
  [['--', 'dlq', 'list'], 'no command stands before --'],
  [[''], 'the command is an empty text'],
  [['', 'list'], 'the command is an empty text'],
  [['--json', ''], 'the command is an empty text'],
])('the words %j are refused: %s', async (words, message) => {
  const taken = orderWords(words, async () => globalFlags);
  await expect(taken).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
});

test.each([
  [['dlq', '--server'], '--server needs a value'],
  [['dlq', '--nope'], 'unknown flag --nope, and no command behind dlq'],
  [['dlq', ''], 'the command behind dlq is an empty text'],
  [['dlq', '--json', 'list'], 'flags stand before dlq or behind dlq list'],
  [['dlq', '--'], 'no command stands between dlq and --'],
  [['--server', 'x', 'dlq', '--nope'], 'unknown flag --nope'],
])('the words %j name a topic alone, and are refused: %s', async (words, message) => {
  const taken = orderWords(words, async () => globalFlags, ['dlq']);
  await expect(taken).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
});

test.each([[['dlq']], [['dlq', '--json']], [['dlq', '--nope', '--help']], [['dlq', 'list', '--nope']]])(
  'the words %j are taken as they are',
  async (words) => {
    expect(await orderWords(words, async () => globalFlags, ['dlq'])).toEqual(words);
  },
);

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
