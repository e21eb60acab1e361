import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ESTree } from 'vite';
import { describe, expect, test } from 'vitest';
import { callerOf } from '../../../src/lib/cli/output/caller.js';
import { codeBlocks, codeSpans } from '../../support/markdown.js';
import { natsCommands, natsGlobalFlags } from '../../support/nats-cli.js';
import { parseSource } from '../../support/syntax.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Said {
  readonly file: string;
  readonly line: string;
}

/** Each command of the nats CLI that anything of ours prints or tells to type. */
const said: Said[] = [];
const endings: Readonly<Record<string, string>> = { src: '.ts', examples: '.mjs', deploy: '.conf' };
for (const folder of ['src', 'examples', 'docs', 'deploy']) await collect(folder, { recursive: true });
await collect('.', { recursive: false });

async function collect(folder: string, options: { readonly recursive: boolean }): Promise<void> {
  const found = await readdir(path.join(root, folder), options);
  const isRead = (name: string): boolean =>
    !name.includes('node_modules') &&
    ['.md', endings[folder]].some((ending) => ending !== undefined && name.endsWith(ending));
  for (const name of found.filter(isRead)) {
    const file = path.join(folder, name);
    const lines = await linesOf(file, await readFile(path.join(root, file), 'utf8'));
    said.push(...lines.filter((line) => /^nats [a-z-]/.test(line)).map((line) => ({ file, line })));
  }
}

async function linesOf(file: string, text: string): Promise<string[]> {
  if (file.endsWith('.md'))
    return [
      ...codeSpans(text),
      ...codeBlocks(text).flatMap((block) => block.text.split('\n').map(withoutPrompt)),
    ];
  if (file.endsWith('.conf')) return text.split('\n').map((line) => line.replace(/^\s*# [^:]*: /, ''));
  const { places } = await parseSource(text, file);
  const comments = [...text.matchAll(/^ *(?:\*|\/\*\*|\/\/).*$/gm)].flatMap(([line]) => codeSpans(line));
  return [...comments, ...places.flatMap(({ node }) => lineOf(node) ?? [])];
}

function withoutPrompt(line: string): string {
  return line.replace(/^\$ /, '');
}

/** A string, a template, or the words of a suggestion. */
function lineOf(node: ESTree.Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return proseOf(node.value);
  if (node.type === 'TemplateLiteral')
    return proseOf(node.quasis.map(({ value }) => value.cooked ?? '').join('hole'));
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return undefined;
  const [program, words] = node.arguments;
  if (node.callee.name !== 'suggestOther' || program?.type !== 'Literal' || program.value !== 'nats')
    return undefined;
  // Words that are made elsewhere could not be looked at.
  expect(words?.type).toBe('ArrayExpression');
  const all = (words as ESTree.ArrayExpression).elements;
  return ['nats', ...all.map((word) => (word?.type === 'Literal' ? String(word.value) : 'hole'))].join(' ');
}

/** Of a text that names a command on its way, the name alone. */
function proseOf(text: string): string | undefined {
  if (text.startsWith('nats ')) return text;
  return /\bnats (?:account|consumer|context|kv|server|stream) [a-z]+/.exec(text)?.[0];
}

/** What is wrong with a line; undefined: nothing. */
function problemOf(line: string): string | undefined {
  const words = wordsOf(line);
  const flags = new Map<string, string | undefined>();
  const plain: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, name, value] = /^--?([a-zA-Z][\w-]*)(?:=(.*))?$/.exec(word) ?? [];
    if (name === undefined) plain.push(word);
    else flags.set(name, value ?? (isSwitch(name, [...plain, ...words]) ? undefined : words.shift()));
  }
  const name = nameOf(plain);
  if (name === undefined) return 'no such command';
  const { args, flags: own = {}, unasked = [] } = natsCommands[name]!;
  const given = plain.length - name.split(' ').length;
  if (given > args) return `${given} arguments`;
  for (const [flag, value] of flags) {
    const kind = kindOf(flag, own);
    if (kind === undefined) return `no flag ${flag}`;
    if (kind !== 'switch' && value === undefined) return `${flag} without a value`;
    if (typeof kind === 'object' && value !== 'hole' && !kind.includes(value ?? ''))
      return `${flag} ${value}`;
  }
  const isComplete = given > 0 || flags.size > 0;
  const missing = isComplete ? unasked.find((flag) => !flags.has(flag)) : undefined;
  return missing && `asks questions without --${missing}`;
}

function nameOf(plain: readonly string[]): string | undefined {
  const names = [3, 2, 1].map((count) => plain.slice(0, count).join(' '));
  return names.find((name) => Object.hasOwn(natsCommands, name));
}

type Flags = NonNullable<(typeof natsCommands)[string]['flags']>;

function kindOf(flag: string, own: Flags): Flags[string] | undefined {
  const all: Flags = { ...natsGlobalFlags, ...own };
  return Object.hasOwn(all, flag) ? all[flag] : undefined;
}

function isSwitch(flag: string, plain: readonly string[]): boolean {
  const name = nameOf(plain);
  return kindOf(flag, (name === undefined ? undefined : natsCommands[name]?.flags) ?? {}) === 'switch';
}

/** As a shell has them, without the comment behind. */
function wordsOf(line: string): string[] {
  const words = line.matchAll(/#.*$|(?:'[^']*'|"[^"]*"|[^\s'"])+/g);
  return [...words]
    .map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))
    .filter((word) => !word.startsWith('#'))
    .slice(1);
}

describe('a command of the nats CLI that we tell people to type', () => {
  test.each(said)('$file: $line', ({ line }) => {
    expect(problemOf(line)).toBeUndefined();
  });

  test('is found in each place', () => {
    const places = new Set(said.map(({ file }) => file.split(path.sep)[0] ?? ''));
    expect([...places].toSorted()).toEqual(expect.arrayContaining(['deploy', 'docs', 'examples', 'src']));
    expect(said.length).toBeGreaterThan(60);
  });

  test.each([
    ['nats streams ls', 'no such command'],
    ['nats stream info a b', '2 arguments'],
    ['nats stream add A --defaults --subjects a --retention workqueue', '--retention workqueue'.slice(2)],
    ['nats consumer add A b --pull', 'asks questions without --defaults'],
    ['nats sub --queue', 'queue without a value'],
    ['nats pub a b --header c:d', 'no flag header'],
  ])('%s is refused', (line, problem) => {
    expect(problemOf(line)).toBe(problem);
  });

  test('stands in the list because something of ours tells it', () => {
    const told = said.map(({ line }) => line);
    const untold = Object.keys(natsCommands).filter(
      (name) => !told.some((line) => nameOf(plainOf(line)) === name),
    );
    expect(untold).toEqual([]);
  });
});

function plainOf(line: string): string[] {
  return wordsOf(line).filter((word) => !word.startsWith('-'));
}

test('where a suggested command goes is said by flags that the nats CLI has', () => {
  const { others } = callerOf({
    server: 'a',
    user: 'b',
    password: 'c',
    context: 'd',
    creds: 'e',
    nkey: 'f',
    tlsca: 'g',
    tlscert: 'h',
    tlskey: 'i',
    'tls-first': true,
    'js-domain': 'j',
    'inbox-prefix': 'k',
  });
  const login = callerOf({ token: 'l' }).others['nats'] ?? [];
  const flags = [...(others['nats'] ?? []), ...login].filter((word) => word.startsWith('--'));
  expect(flags.map((flag) => flag.slice(2)).toSorted()).toEqual(Object.keys(natsGlobalFlags).toSorted());
});
