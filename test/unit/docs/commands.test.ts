import { describe, expect, test } from 'vitest';
import { type DeclaredFlag, declaredCommands, declaredGlobalFlags } from '../../support/commands.js';
import {
  codeBlocks,
  codeSpans,
  docNames,
  pagesElsewhere,
  readDoc,
  tableRows,
} from '../../support/markdown.js';

const commands = await declaredCommands();
const globals = await declaredGlobalFlags();
const doc = await readDoc('commands.md');
const rows = tableRows(doc);
const files = [...(await docNames()), ...pagesElsewhere];

const sectionOf = (name: string): string => `\`${name}\``;

/** What the table of a section says of a flag: the cells of its row. */
function rowOf(section: string, flag: string): readonly string[] | undefined {
  return rows.find((row) => row.section === section && codeSpans(row.cells[0] ?? '').includes(`--${flag}`))
    ?.cells;
}

function problemsOf(section: string, flags: Readonly<Record<string, DeclaredFlag>>): string[] {
  return Object.entries(flags).flatMap(([flag, { char, byDefault }]) => {
    const cells = rowOf(section, flag);
    if (!cells) return [`${section}: no row for --${flag}`];
    const [names = '', shown = ''] = cells;
    return [
      ...(char !== undefined && !codeSpans(names).includes(`-${char}`)
        ? [`${section}: --${flag} has -${char}`]
        : []),
      ...(byDefault !== undefined && shown.replaceAll('`', '') !== byDefault
        ? [`${section}: --${flag} has the default ${byDefault}, not ${shown}`]
        : []),
    ];
  });
}

describe('docs/commands.md', () => {
  test('has a section for every command, and none for others', () => {
    const sections = [...doc.matchAll(/^## `(.+)`$/gm)].map(([, name]) => name ?? '');
    expect(sections.toSorted()).toEqual(commands.map(({ name }) => name));
    const linked = rows.flatMap(({ cells }) => /^\[`(.+)`\]\(#/.exec(cells[0] ?? '')?.[1] ?? []);
    expect(linked.toSorted()).toEqual(sections.toSorted());
  });

  test('has a row for every flag, with its default', () => {
    const wrong = commands.flatMap(({ name, flags }) => problemsOf(sectionOf(name), flags));
    expect(wrong).toEqual([]);
    expect(problemsOf('Flags of every command', globals)).toEqual([]);
  });

  test('names no flag that its command does not have', () => {
    const unknown = rows.flatMap(({ section, cells }) => {
      const own = commands.find(({ name }) => sectionOf(name) === section)?.flags;
      const known = own ?? (section === 'Flags of every command' ? { ...globals, help: {} } : undefined);
      const named = codeSpans(cells[0] ?? '').filter((span) => span.startsWith('--'));
      return known
        ? named.filter((flag) => !(flag.slice(2) in known)).map((flag) => `${section}: ${flag}`)
        : [];
    });
    expect(unknown).toEqual([]);
  });
});

describe('command lines in the docs', () => {
  const names = commands.map(({ name }) => name);

  /** Why a line that begins with plutomi-events can't be meant; undefined: it can. */
  function problemOf(line: string): string | undefined {
    const words = line.replace(/^.*?plutomi-events +/, '').split(/ +/);
    const nameOf = (count: number): string =>
      words
        .slice(0, count)
        .join(' ')
        .replace(/[`.,;:)]+$/, '');
    if (words[0]?.startsWith('-')) return undefined;
    const name = nameOf(names.includes(nameOf(1)) ? 1 : 2);
    const command = commands.find((one) => one.name === name);
    if (!command) return `no command ${name}`;
    const known = new Set([...Object.keys(command.flags), ...Object.keys(globals), 'help']);
    const flags = [...line.matchAll(/(?<=\s)--([a-z][a-z-]*)/g)].map(([, flag]) => flag ?? '');
    const unknown = flags.find((flag) => !known.has(flag));
    return unknown === undefined ? undefined : `${name} has no --${unknown}`;
  }

  test.each(files)('%s: they name commands and flags that exist', async (file) => {
    const text = await readDoc(file);
    const inBlocks = codeBlocks(text)
      .flatMap((block) => block.text.split('\n'))
      .flatMap((line) => /(?:^|[$"&|;(] *)(plutomi-events [^|&;)#]*)/.exec(line)?.[1] ?? []);
    const inText = codeSpans(text).filter((span) => span.startsWith('plutomi-events '));
    const bare = codeSpans(text).filter((span) => names.some((name) => span.startsWith(`${name} `)));
    const lines = [...inBlocks, ...inText, ...bare.map((span) => `plutomi-events ${span}`)];
    const wrong = lines.flatMap((line) => {
      const problem = problemOf(line);
      return problem === undefined ? [] : [`${line.trim()}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});
