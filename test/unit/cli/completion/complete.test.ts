import { describe, expect, it } from 'vitest';
import { complete } from '../../../../src/lib/cli/completion/complete.js';
import type { CommandTable, Sources } from '../../../../src/lib/cli/completion/completion.js';
import { placeBehind } from '../../../../src/lib/cli/completion/place.js';
import { completionLines } from '../../../../src/lib/cli/completion/scripts.js';

const globalFlags = {
  config: { type: 'option', char: 'c', helpValue: '<file>' },
  context: { type: 'option' },
  json: { type: 'boolean' },
} as const;

const table: CommandTable = {
  commands: [
    { name: 'completion', args: { shell: { options: ['bash', 'fish'] } }, flags: globalFlags },
    {
      name: 'dlq list',
      summary: 'List them.',
      args: { selection: { multiple: true } },
      flags: {
        ...globalFlags,
        consumer: { type: 'option', multiple: true },
        'group-by': { type: 'option', options: ['reason', 'subject'] },
        limit: { type: 'option', char: 'L' },
      },
    },
    { name: 'dlq show', args: { id: {} }, flags: globalFlags },
    { name: 'tasks show', args: { task: {} }, flags: globalFlags },
  ],
  topics: [{ word: 'dlq', about: 'dead letters' }, { word: 'tasks' }],
  globalFlags,
};

const of =
  (...words: string[]) =>
  async () =>
    words.map((word) => ({ word }));
const sources: Sources = {
  consumers: of('mail', 'mirror', 'audit'),
  contexts: of('production'),
  events: of('totp.requested'),
  examples: of('orders'),
  groups: of('3f9a1c'),
  letters: of('mail/1', 'mail/2'),
  tasks: of('replay-1'),
};

const wordsFor = async (...words: string[]): Promise<string[]> =>
  (await complete(words, table, sources)).candidates.map(({ word }) => word);

describe('complete', () => {
  it.each<[string, string[], string[]]>([
    ['the first word', [''], ['completion', 'dlq', 'tasks', 'help', 'version']],
    ['a word that is begun', ['dl'], ['dlq']],
    ['the second word', ['dlq', ''], ['list', 'show']],
    ['a command behind global flags', ['--json', '-c', 'x.json', 'dlq', 'l'], ['list']],
    ['a command behind help', ['help', 'dlq', ''], ['list', 'show']],
    ['nothing behind help of a command', ['help', 'dlq', 'show', ''], []],
    ['nothing behind a word that is no command', ['dql', ''], []],
    ['global flags before a command', ['--'], ['--config', '--context', '--json', '--help']],
    ['flags of a command', ['dlq', 'show', '--c'], ['--config', '--context']],
    ['no flag twice', ['dlq', 'show', '-c', 'x', '--c'], ['--context']],
    ['a flag twice that takes several', ['dlq', 'list', '--consumer', 'a', '--cons'], ['--consumer']],
    ['the value of a flag', ['dlq', 'list', '--consumer', 'mi'], ['mirror']],
    ['the value of a flag behind =', ['dlq', 'list', '--consumer=mi'], ['--consumer=mirror']],
    ['one of the options of a flag', ['dlq', 'list', '--group-by', ''], ['reason', 'subject']],
    ['the name of a context', ['--context', ''], ['production']],
    ['nothing for a number', ['dlq', 'list', '-L', ''], []],
    ['an id', ['dlq', 'show', ''], ['mail/1', 'mail/2']],
    ['nothing behind the only argument', ['dlq', 'show', 'mail/1', ''], []],
    ['one of several ids', ['dlq', 'list', 'mail/1', 'mail/2'], ['mail/2']],
    ['an option of an argument', ['completion', 'b'], ['bash']],
    ['a task', ['tasks', 'show', 'r'], ['replay-1']],
    ['the key of a term', ['dlq', 'list', 'att'], ['attempts:']],
    ['the key of a term with a path', ['dlq', 'list', 'da'], ['data.']],
    ['the key of a term that must not hold', ['dlq', 'list', '-ki'], ['-kind:']],
    ['a value that is known', ['dlq', 'list', 'kind:re'], ['kind:rejected', 'kind:replaced']],
    ['a second value', ['dlq', 'list', 'kind:timeout,sch'], ['kind:timeout,schema']],
    ['a value from the config', ['dlq', 'list', 'consumer:m'], ['consumer:mail', 'consumer:mirror']],
    ['a value that must not hold', ['dlq', 'list', '-group:3'], ['-group:3f9a1c']],
    ['nothing for a value that nobody knows', ['dlq', 'list', 'reason:s'], []],
    ['arguments behind --', ['dlq', 'show', '--', 'm'], ['mail/1', 'mail/2']],
    ['no flags behind --', ['dlq', 'show', '--', '--c'], []],
  ])('finds %s', async (_, words, expected) => {
    expect(await wordsFor(...words)).toEqual(expected);
  });

  it('leaves files to the shell', async () => {
    expect(await complete(['dlq', 'list', '--config', ''], table, sources)).toEqual({
      candidates: [],
      files: true,
    });
  });

  it('says what commands and topics are about', async () => {
    const about = async (...words: string[]) => (await complete(words, table, sources)).candidates[0]?.about;
    expect(await about('dlq')).toBe('dead letters');
    expect(await about('dlq', 'li')).toBe('List them.');
  });
});

describe('placeBehind', () => {
  it('has the values of the flags, by their long names', () => {
    const { values, command, position } = placeBehind(
      ['--context=a', 'dlq', 'list', '-c', 'x.json', '--json', '-kind:timeout', 'word'],
      table,
    );
    expect(values).toEqual({ context: 'a', config: 'x.json', json: true });
    expect([command?.name, position]).toEqual(['dlq list', 2]);
  });
});

describe('completionLines', () => {
  it('has a line for each, without what a terminal would obey or a line can not hold', () => {
    const candidates = [
      { word: 'a', about: 'first\nand \u001b[31mred' },
      { word: 'b\nc' },
      { word: 'd\u001b]0;e' },
      { word: 'f' },
    ];
    expect(completionLines({ candidates, files: true })).toBe('a\tfirst\\nand \\u001b[31mred\nf\n:files');
  });
});
