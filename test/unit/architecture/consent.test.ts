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

/** What programs do, and the server of this folder; what these may ask is about that. */
const ofPrograms = [
  'events/publish',
  'outbox/relay',
  'pipeline/run',
  'server/install',
  'server/start',
  'server/stop',
];

test('a command that changes something asks, or asks for the name of a protected pipeline', async () => {
  const commands = (await readSources()).filter(({ file }) => file.startsWith('commands/'));
  const changing = commands.filter(({ text }) => text.includes('get changes('));
  const ofPeople = changing.filter(
    ({ file }) => !ofPrograms.includes(file.slice('commands/'.length, -'.ts'.length)),
  );
  expect(changing.length).toBe(ofPeople.length + ofPrograms.length);
  const silent = ofPeople.filter(({ text }) => !/this\.(?:confirm(?:Protected)?|act|decide)\(/.test(text));
  expect(silent.map(({ file }) => file)).toEqual([]);
  const declared = await declaredCommands();
  const names = ofPeople.map(({ file }) => file.slice('commands/'.length, -'.ts'.length).replace('/', ' '));
  const taking = declared.filter(({ flags }) => 'confirm' in flags).map(({ name }) => name);
  expect(names.filter((name) => !taking.includes(name))).toEqual([]);
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
