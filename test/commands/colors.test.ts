import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const escape = '\u001b[';

test.each([
  ['a pipe', {}, [], false],
  ['FORCE_COLOR', { FORCE_COLOR: '1' }, [], true],
  ['FORCE_COLOR against NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, [], true],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, [], false],
  ['--no-color against FORCE_COLOR', { FORCE_COLOR: '1' }, ['--no-color'], false],
])(
  '%s: an error that a command tells, one of its flags, and of an unknown command',
  async (_, env, flags, colored) => {
    const cwd = await temporaryFolder();
    for (const words of [
      ['dlq', 'list'],
      ['dlq', 'list', '--limt', '3'],
      ['dlq', 'lst'],
    ]) {
      const options = {
        cwd,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        extendEnv: false,
        reject: false,
      };
      const { exitCode, stderr } = await execa(process.execPath, [bin, ...words, ...flags], options);
      expect(exitCode).toBe(2);
      expect([words, stderr.includes(escape)]).toEqual([words, colored]);
    }
  },
);
