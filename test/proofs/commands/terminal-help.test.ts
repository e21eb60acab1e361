import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { declaredCommands } from '../../support/commands.js';
import { runOnTerminal } from '../../support/on-terminal.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** Every way to ask for help that there is: of everything, of a topic, of a command. */
async function questions(): Promise<string[][]> {
  const commands = (await declaredCommands()).map(({ name }) => name.split(' '));
  const topics = [...new Set(commands.map(([topic = '']) => topic))].map((topic) => [topic]);
  return [[], ['-h'], ['--help'], ...[...topics, ...commands].map((words) => [...words, '--help'])];
}

test.each([
  [40, {}],
  [80, { TERM: 'dumb' }],
  [200, { FORCE_COLOR: '1' }],
])(
  'help of every command is shown on a real terminal of %i columns with %j',
  async (columns, env) => {
    const cwd = await temporaryFolder();
    const asked = await questions();
    const commands = asked.map((words) => [process.execPath, bin, ...words]);
    const answers = await runOnTerminal(commands, { cwd, columns, env });
    for (const [i, { exitCode, text }] of answers.entries()) {
      const question = `plutomi-events ${asked[i]?.join(' ')}`;
      expect([question, exitCode]).toEqual([question, 0]);
      expect(text, question).toContain('USAGE');
      const lines = text.split('EXAMPLES')[1]?.split('\n') ?? [];
      // A word that is wider than the terminal stands on a line of its own.
      for (const line of lines) {
        if (line.length > columns) expect(line, question).toMatch(/^ *(?:'[^']*'|"[^"]*"|\S)+(?: \\)?$/);
      }
      expect(text, question).not.toMatch(/^[^\w\n]*(?:\w*Error:|\(node:)/m);
    }
  },
  120_000,
);
