import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import {
  anybody,
  type Caller,
  hangingWithSuggestions,
  renderSuggestion,
  spelledOut,
  withSuggestions,
} from '../../../src/lib/render/suggestion.js';
import { suggestCommand, suggestFlag, suggestOther, type Suggestion } from '../../../src/lib/suggestion.js';

const operator: Caller = {
  program: 'npx plutomi-events',
  toServer: ['--context', 'prod', '--config', 'p.json'],
  toConfig: ['--config', 'p.json'],
  others: { nats: ['--context', 'prod'] },
};
const dryRun = { 'dry-run': true } as const;

describe('renderSuggestion', () => {
  test.each<[string, Suggestion, string, string]>([
    ['a hint', 'free space', 'free space', 'free space'],
    [
      'a command',
      suggestCommand('pipeline apply'),
      'plutomi-events pipeline apply',
      'npx plutomi-events pipeline apply --context prod --config p.json',
    ],
    [
      'a command with why and note',
      suggestCommand('pipeline apply', { flags: dryRun, why: 'see the plan', note: 'changes nothing' }),
      'see the plan: plutomi-events pipeline apply --dry-run   # changes nothing',
      'see the plan: npx plutomi-events pipeline apply --dry-run --context prod --config p.json   # changes nothing',
    ],
    [
      'a flag several times',
      suggestCommand('pipeline apply', { flags: { replace: ['a', 'b'] } }),
      'plutomi-events pipeline apply --replace a --replace b',
      'npx plutomi-events pipeline apply --replace a --replace b --context prod --config p.json',
    ],
    [
      'blanks, which are left as they are',
      suggestCommand('dlq discard', { args: ['a/1'], flags: { reason: { blank: 'text' } } }),
      'plutomi-events dlq discard a/1 --reason <text>',
      'npx plutomi-events dlq discard a/1 --reason <text> --context prod --config p.json',
    ],
    [
      'a word that begins with a dash',
      suggestCommand('events explain', { args: ['-x'] }),
      'plutomi-events events explain -- -x',
      'npx plutomi-events events explain --context prod --config p.json -- -x',
    ],
    [
      'a command that needs the config alone',
      suggestCommand('pipeline permissions', { flags: { role: 'viewer' } }),
      'plutomi-events pipeline permissions --role viewer',
      'npx plutomi-events pipeline permissions --role viewer --config p.json',
    ],
    [
      'a command that goes nowhere, in another folder',
      suggestCommand('server stop', { folder: '/tmp/a b' }),
      "cd '/tmp/a b' && plutomi-events server stop",
      "cd '/tmp/a b' && npx plutomi-events server stop",
    ],
    [
      'a help page',
      { do: 'run', command: 'dlq', flags: { help: true } },
      'plutomi-events dlq --help',
      'npx plutomi-events dlq --help',
    ],
    [
      'a command of the nats CLI',
      suggestOther('nats', ['stream', 'rm', 'events']),
      'nats stream rm events',
      'nats stream rm events --context prod',
    ],
    ['a command of the system', suggestOther('kill', [42]), 'kill 42', 'kill 42'],
    [
      'a flag',
      suggestFlag('subject', 'events.>'),
      "did you mean: --subject 'events.>'",
      "did you mean: --subject 'events.>'",
    ],
    ['a value with a dash', suggestFlag('only', '-x'), 'did you mean: --only=-x', 'did you mean: --only=-x'],
  ])('%s', (_what, suggestion, plain, repeated) => {
    expect(renderSuggestion(suggestion)).toBe(plain);
    expect(renderSuggestion(suggestion, operator)).toBe(repeated);
  });

  test('is read by a shell as the words that were meant', async () => {
    const args = [
      "it's",
      'a b',
      '$HOME',
      '`id`',
      '*',
      '~',
      '#x',
      'a=b',
      '=x',
      '',
      '\\',
      '{a,b}',
      'ü',
      '!!',
      'a\nb',
    ];
    const line = renderSuggestion(suggestCommand('dlq show', { args }), {
      ...anybody,
      program: String.raw`printf '%s\0'`,
    });
    const { stdout } = await execa('sh', ['-c', line]);
    expect(stdout.split('\0')).toEqual(['dlq', 'show', ...args, '']);
  });
});

test('a text names what to do about it at its end', () => {
  const replay = suggestCommand('dlq replay', { args: ['a/1'] });
  expect(withSuggestions('it waits', [replay])).toBe('it waits: plutomi-events dlq replay a/1');
  expect(withSuggestions('it waits', [replay, replay])).toBe(
    'it waits: plutomi-events dlq replay a/1, or plutomi-events dlq replay a/1',
  );
  expect(withSuggestions('it waits', ['wait'])).toBe('it waits; wait');
  expect(
    withSuggestions('it waits', [suggestCommand('pipeline verify', { why: 'to be sure' }), 'or wait']),
  ).toBe('it waits; to be sure: plutomi-events pipeline verify; or wait');
  expect(spelledOut({ id: 'a/1', detail: 'it waits', suggestions: [replay] }, 'detail', operator)).toEqual({
    id: 'a/1',
    detail: 'it waits: npx plutomi-events dlq replay a/1 --context prod --config p.json',
  });
});

test('where a line is too narrow, its text is broken, and no command', () => {
  const text = 'stays in the DLQ until it is replayed or discarded';
  const replay = suggestCommand('dlq replay', { args: ['notifications-consumer/42'] });
  const command = 'npx plutomi-events dlq replay notifications-consumer/42 --context prod --config p.json';
  const said = (width: number): string[] =>
    hangingWithSuggestions(2, text, width, [replay], operator).split('\n');
  expect(said(Number.POSITIVE_INFINITY)).toEqual([`${text}: ${command}`]);
  expect(said(80)).toEqual([text, `  → ${command}`]);
  expect(said(40)).toEqual(['stays in the DLQ until it is replayed', '  or discarded', `  → ${command}`]);
  expect(hangingWithSuggestions(2, text, 40)).toBe('stays in the DLQ until it is replayed\n  or discarded');
});
