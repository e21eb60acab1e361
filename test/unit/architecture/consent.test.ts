import { expect, test } from 'vitest';
import { declaredCommands } from '../../support/commands.js';
import { readSources } from '../../support/syntax.js';

/** They look at `--yes` to know what else to show, or what an answer allows; and ask all the same. */
const looking = ['commands/pipeline/apply.ts', 'commands/pipeline/verify.ts'];

test('a command that takes --yes takes --confirm: both are consentFlags', async () => {
  const commands = await declaredCommands();
  const asking = commands.filter(({ flags }) => 'yes' in flags).map(({ name }) => name);
  expect(asking).toContain('dlq replay');
  expect(
    asking.filter((name) => !commands.some((one) => one.name === name && 'confirm' in one.flags)),
  ).toEqual([]);
});

test('a command leaves --yes to confirm(), which knows of protected pipelines: it always asks', async () => {
  const commands = (await readSources()).filter(({ file }) => file.startsWith('commands/'));
  const reading = commands
    .filter(({ text }) => /\.yes\b|\{[^{}]*\byes\b[^{}]*\} = this\.flags/.test(text))
    .map(({ file }) => file);
  expect(reading.toSorted()).toEqual(looking);
  const taking = commands.filter(({ text }) => text.includes('consentFlags'));
  expect(taking.filter(({ text }) => !/this\.(?:confirm|act)\(/.test(text)).map(({ file }) => file)).toEqual(
    [],
  );
});
