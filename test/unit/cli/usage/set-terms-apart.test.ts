import { expect, test } from 'vitest';
import { setTermsApart } from '../../../../src/lib/cli/usage/set-terms-apart.js';

const flags = {
  server: { type: 'option', char: 's' },
  config: { type: 'option', char: 'c' },
  note: { type: 'option' },
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
  ['-s -consumer:x', '-s -consumer:x'],
  ['--note -code:x -code:y', '--note -code:x -- -code:y'],
  ['--note=x -code:y', '--note=x -- -code:y'],
  ['--yes -code:y', '--yes -- -code:y'],
  ['-- -consumer:x', '-- -consumer:x'],
  ['-plain', '-plain'],
])('%s becomes %s', (typed, parsed) => {
  const shape = { name: 'dlq list', args: {}, flags };
  expect(setTermsApart(typed.split(' '), shape)).toEqual(parsed.split(' '));
});
