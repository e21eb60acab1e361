import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { repeatedFlags } from '../../src/lib/cli/output/caller.js';
import { distinct, suggestCommand, suggestedCommands, suggestedFlags } from '../../src/lib/suggestion.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Flag {
  readonly type: 'boolean' | 'option';
  readonly multiple?: boolean;
  readonly required?: boolean;
}

let commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, Flag>> }>>;
let sources: { readonly file: string; readonly text: string }[];

beforeAll(async () => {
  const manifest = await readFile(`${root}oclif.manifest.json`, 'utf8');
  commands = (JSON.parse(manifest) as { commands: typeof commands }).commands;
  const files = (await readdir(`${root}src`, { recursive: true })).filter((file) => file.endsWith('.ts'));
  sources = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(`${root}src/${file}`, 'utf8') })),
  );
});

function kindOf({ type, multiple, required }: Flag): string {
  if (type === 'boolean') return 'switch';
  return multiple ? 'many' : required ? 'needed' : 'one';
}

describe('a suggested command of ours', () => {
  test.each(Object.entries(suggestedCommands))('%s exists, with its flags', (name, flags) => {
    const command = commands[name.replaceAll(' ', ':')];
    const kinds = Object.keys(flags).map((flag) => [
      flag,
      command?.flags[flag] && kindOf(command.flags[flag]),
    ]);
    expect(Object.fromEntries(kinds)).toEqual(flags);
    // Without these it would not run.
    const needed = Object.entries(command?.flags ?? {}).filter(([, { required }]) => required);
    expect(Object.keys(flags)).toEqual(expect.arrayContaining(needed.map(([flag]) => flag)));
    expect(Object.keys(command?.flags ?? {})).toEqual(expect.arrayContaining([...repeatedFlags]));
  });

  test('has no flag that says where to go: those are added for whoever reads it', () => {
    const given = Object.values(suggestedCommands).flatMap((flags) => Object.keys(flags));
    expect(given.filter((flag) => (repeatedFlags as readonly string[]).includes(flag))).toEqual([]);
  });

  test('is made where the compiler knows its flags, or of words that a user has typed', () => {
    const made = sources.filter(({ text }) => /do: 'run',\s*command/.test(text)).map(({ file }) => file);
    expect(made.toSorted()).toEqual([
      'lib/cli/usage/command-not-found.ts',
      'lib/cli/usage/command-shape.ts',
      'lib/suggestion.ts',
    ]);
  });

  test('is nowhere a ready line, but in the usage of commands', () => {
    const topics = [...new Set(Object.keys(commands).map((id) => id.split(':')[0]))].join('|');
    const line = new RegExp(`plutomi-events (?:(?:${topics}) |--|<)`);
    const lines = sources.filter(({ text }) => line.test(text)).map(({ file }) => file);
    expect(lines.filter((file) => !/^lib[/\\](?:cli|render)[/\\]/.test(file))).toEqual([]);
  });
});

test('each flag that is suggested for the same command exists', () => {
  const known = new Set(Object.values(commands).flatMap(({ flags }) => Object.keys(flags)));
  expect(suggestedFlags.filter((flag) => !known.has(flag))).toEqual([]);
});

test('distinct leaves each suggestion once, in order', () => {
  const apply = suggestCommand('pipeline apply');
  expect(distinct(['a', apply, 'b', 'a', suggestCommand('pipeline apply')])).toEqual(['a', apply, 'b']);
});

test('a flag that a command does not have, and one that it needs and is not given, do not compile', () => {
  // @ts-expect-error: it is called --replace.
  const unknown = suggestCommand('pipeline apply', { flags: { replaced: 'events' } });
  // @ts-expect-error: a switch has no value.
  const valued = suggestCommand('pipeline apply', { flags: { adopt: 'events' } });
  // @ts-expect-error: --reason is required.
  const missing = suggestCommand('dlq discard', { args: ['billing/1'] });
  expect([unknown, valued, missing]).toHaveLength(3);
});
