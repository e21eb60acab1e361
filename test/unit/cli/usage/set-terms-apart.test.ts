import { expect, test } from 'vitest';
import { setTermsApart } from '../../../../src/lib/cli/usage/set-terms-apart.js';

const flags = {
  server: { type: 'option', char: 's', description: 'where' },
  config: { type: 'option', char: 'c' },
  note: { type: 'option', helpValue: '<text>', description: 'why' },
  yes: { type: 'boolean', char: 'y' },
};

test.each([
  ['-consumer:x', '-- -consumer:x'],
  ['a -consumer:x --yes b', 'a --yes b -- -consumer:x'],
  ['-consumer:x -- -plain', '-- -consumer:x -plain'],
  // Nearly a key, so that its error is about the key and not about a config of that name.
  ['-conusmer:x', '-- -conusmer:x'],
  ['-data.a:x', '-- -data.a:x'],
  // No flag begins like it.
  ['-zone:x', '-- -zone:x'],
  ['-snats://h:4222', '-snats://h:4222'],
  ['-cC:/x.json', '-cC:/x.json'],
  ['-s=-consumer:x', '-s=-consumer:x'],
  ['--note=-code:x -code:y', '--note=-code:x -- -code:y'],
  ['--note code:x -code:y', '--note code:x -- -code:y'],
  ['--note=x -code:y', '--note=x -- -code:y'],
  ['--yes -code:y', '--yes -- -code:y'],
  ['-- -consumer:x', '-- -consumer:x'],
  ['-plain', '-plain'],
])('%s becomes %s', (typed, parsed) => {
  const shape = { name: 'dlq list', args: {}, flags };
  expect(setTermsApart(typed.split(' '), shape)).toEqual(parsed.split(' '));
});

test.each([
  ['--note -code:x', '--note needs a value: <text>, why; found the term "-code:x"', '--note=-code:x'],
  ['-s -consumer:x', '--server needs a value: where; found the term "-consumer:x"', '--server=-consumer:x'],
  ['--note -conusmer:x', 'found the term "-conusmer:x"', '--note=-conusmer:x'],
  // Neither is the `--` its value, nor the term a flag of this name.
  ['-code:x --note', '--note needs a value: <text>, why'],
  ['--note -- -code:x', '--note needs a value: <text>, why'],
  ['--note', '--note needs a value: <text>, why'],
])('%s is refused: %s', (typed, message, meant?: string) => {
  const shape = { name: 'dlq list', args: {}, flags };
  expect(() => setTermsApart(typed.split(' '), shape)).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining(message),
      suggestions: expect.arrayContaining(meant === undefined ? [] : [`if it is the value: ${meant}`]),
    }),
  );
});

const switches = {
  ...flags,
  wait: { type: 'boolean' },
  'wait-timeout': { type: 'option' },
  watch: { type: 'boolean' },
  all: { type: 'boolean' },
  limit: { type: 'option', char: 'L' },
};

test.each([
  ['--wait 60s', '--wait takes no value, found "60s" behind it', 'did you mean: --wait --wait-timeout 60s'],
  ['--wait 60', '--wait takes no value', 'did you mean: --wait --wait-timeout 60s'],
  ['--wait 5min', '--wait takes no value', 'did you mean: --wait --wait-timeout 5m'],
  ['a --wait 1h30m --yes', '--wait takes no value', 'if it is one: reason:1h30m'],
  ['--wait true', '--wait takes no value, found "true"', 'if it is one: reason:true'],
  ['--watch 5s', '--watch takes no value', 'if it is one: reason:5s'],
  ['--watch 2', '--watch takes no value', 'if it is one: reason:2'],
  ['--all 5', '--all takes no value', 'did you mean: --limit 5'],
  ['--yes y', '--yes takes no value', 'if it is one: reason:y'],
  ['-y no', '--yes takes no value, found "no"', 'if it is one: reason:no'],
  ['--yes 60s', '--yes takes no value', 'if it is one: reason:60s'],
])('%s is refused: the word would select by the reason', (typed, message, next) => {
  const shape = { name: 'dlq replay', args: {}, flags: switches };
  expect(() => setTermsApart(typed.split(' '), shape)).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining(message),
      suggestions: expect.arrayContaining([next]),
    }),
  );
});

test.each([
  '--wait timeout',
  '--yes 429',
  '--wait notifications-consumer/42',
  '60s --wait',
  '--wait reason:60s',
  '--wait -- 60s',
  '--note 60s --wait',
  '--wait',
])('%s is taken', (typed) => {
  const words = typed.split(' ');
  expect(setTermsApart(words, { name: 'dlq replay', args: {}, flags: switches })).toEqual(words);
});

test.each([
  ['—yes', '--yes'],
  ['–-yes', '--yes'],
  ['a −note=x', '--note=x'],
])('another dash than that of the keyboard is refused before a flag: %s', (typed, meant) => {
  const shape = { name: 'dlq list', args: {}, flags };
  expect(() => setTermsApart(typed.split(' '), shape)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('begins with a dash that is not the one of the keyboard'),
      suggestions: expect.arrayContaining([`did you mean: ${meant}`]),
    }),
  );
});

test.each(['—nothing', 'reason:—yes', '--note —yes', '-- —yes'])('and nowhere else: %s', (typed) => {
  const shape = { name: 'dlq list', args: {}, flags };
  expect(setTermsApart(typed.split(' '), shape)).toEqual(typed.split(' '));
});
