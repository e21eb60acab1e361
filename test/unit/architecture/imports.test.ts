import path from 'node:path';
import type { ESTree } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';
import { importsOf } from '../../support/imports-of.js';
import { parseSource, readSources, type Source } from '../../support/syntax.js';

/** From the bottom up: a folder imports from itself and from those before it. Names in one row are level. */
const layers: readonly (readonly string[])[] = [
  ['suggestion.ts'],
  ['errors.ts'],
  ['flow', 'domain'],
  ['observe', 'http', 'tracing'],
  ['nats'],
  ['connection'],
  ['config', 'dev-server', 'encryption'],
  ['pipeline', 'examples'],
  ['journal', 'operations', 'pointers', 'handlers'],
  ['routing', 'groups', 'tasks'],
  ['status'],
  ['topology', 'waterfall'],
  ['dlq'],
  ['events', 'verify', 'report', 'permissions'],
  ['monitor', 'doctor'],
  ['render'],
  ['open'],
  ['postgres'],
  ['index-status.ts'],
  ['index.ts', 'internals.ts'],
  ['cli'],
  ['commands'],
];

let sources: Source[] = [];

beforeAll(async () => {
  sources = await readSources();
});

function layerOf(file: string): string {
  const parts = file.split(path.sep);
  return parts[0] === 'commands' ? 'commands' : (parts[1] ?? '');
}

function rank(layer: string): number {
  const found = layers.findIndex((row) => row.includes(layer));
  if (found === -1) throw new Error(`src/lib/${layer} has no place in the order of layers`);
  return found;
}

function targetOf({ file }: Source, from: string | undefined): string | undefined {
  if (!from?.startsWith('.')) return undefined;
  return path.join(path.dirname(file), from).replace(/\.js$/, '.ts');
}

/** What a file imports from its own layer's users, and what nobody can say. */
function upwardImports(source: Source): string[] {
  return importsOf(source).flatMap(({ from, dynamic }) => {
    if (from === undefined) return [`${source.file} imports what is put together when it runs`];
    const target = targetOf(source, from);
    if (target === undefined) return [];
    const [own, other] = [layerOf(source.file), layerOf(target)];
    const fine = own === other || rank(other) < rank(own) || (dynamic && other === 'index.ts');
    return fine ? [] : [`${source.file} imports ${target}`];
  });
}

function importsFrom(source: Source, scope: string): boolean {
  return importsOf(source).some(({ from }) => from?.startsWith(scope));
}

describe('imports', () => {
  test('point downwards only', () => {
    expect(sources.flatMap(upwardImports)).toEqual([]);
  });

  test.each([
    "import { listDeadLetters } from '../dlq/list.js';",
    "import type { DeadLetterList } from '../dlq/list.js';",
    "export { listDeadLetters } from '../dlq/list.js';",
    "export * from '../dlq/list.js';",
    "const { listDeadLetters } = await import('../dlq/list.js');",
    "const lazy = () =>\n  import(\n    '../dlq/list.js'\n  );",
    'const lazy = () => import(`../dlq/list.js`);',
    'const lazy = (name: string) => import(`../dlq/${name}.js`);',
    'const lazy = (name: string) => import(name);',
    "type List = import('../dlq/list.js').DeadLetterList;",
    "const { listDeadLetters } = require('../dlq/list.js');",
    "const { listDeadLetters } = createRequire(import.meta.url)('../dlq/list.js');",
    "import dlq = require('../dlq/list.js');",
  ])('are found upwards: %s', async (text) => {
    expect(upwardImports(await parseSource(text, 'lib/nats/made-up.ts'))).toHaveLength(1);
  });

  test('have no cycle, those of types and those made late included', () => {
    const graph = new Map(
      sources.map((source) => [
        source.file,
        // What a config imports as `plutomi-events` is the whole of the library, whoever loads it.
        importsOf(source)
          .filter(
            ({ from, dynamic }) => !(dynamic && targetOf(source, from) === path.join('lib', 'index.ts')),
          )
          .flatMap(({ from }) => targetOf(source, from) ?? []),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (done.has(file) || trail.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test('of the NATS client stand in nats/ only', () => {
    const wrong = sources.filter(
      (source) => layerOf(source.file) !== 'nats' && importsFrom(source, '@nats-io/'),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('of oclif stand in cli/ and commands/ only', () => {
    const wrong = sources.filter(
      (source) => !['cli', 'commands'].includes(layerOf(source.file)) && importsFrom(source, '@oclif/'),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });
});

/** Whose functions have a parameter of each of the two types. */
function takesParts({ file, text, places }: Source): string[] {
  const wrong = places.some(({ node }) => {
    if (!('params' in node) || !Array.isArray(node.params) || node.type === 'TSTypeParameterInstantiation')
      return false;
    const types = (node.params as readonly ESTree.Node[]).map((param) => typeTextOf(param, text));
    return /\bLink\b/.test(types.join()) && /\bPipelineConfig\b/.test(types.join());
  });
  return wrong ? [file] : [];
}

function typeTextOf(param: ESTree.Node, text: string): string {
  if (param.type === 'TSParameterProperty') return typeTextOf(param.parameter, text);
  if (param.type === 'AssignmentPattern') return typeTextOf(param.left, text);
  const type = 'typeAnnotation' in param ? param.typeAnnotation : undefined;
  return type ? text.slice(type.start, type.end) : '';
}

describe('sources', () => {
  test('are short enough to read at once', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 300);
    expect(long.map(({ file }) => file)).toEqual([]);
  });

  test('take the pipeline, and not its config and its link', () => {
    expect(sources.flatMap(takesParts)).toEqual([]);
  });

  test.each([
    'export function f(link: Link, config: PipelineConfig): void {}',
    'export function f(config: PipelineConfig, name: string, link: Link): void {}',
    'export function f(link: Link, places: Places, config: PipelineConfig): void {}',
    'export async function f({ roots }: PipelineConfig, link?: Link): Promise<void> {}',
    'export const f = (config: Readonly<PipelineConfig>, link: Link): void => {};',
    'export class F { constructor(private readonly link: Link, config: PipelineConfig) {} }',
    'export interface F { f(link: Link, config: PipelineConfig): void }',
  ])('are found to take its parts: %s', async (text) => {
    expect(takesParts(await parseSource(text))).toEqual(['lib/dlq/made-up.ts']);
  });

  test('stand at most 14 to a folder', () => {
    // Flat on purpose: one subject a file, found by its name. The path of a command is what is typed.
    const flat = ['lib/domain', 'lib/render', 'commands/dlq'].map((folder) => path.join(folder));
    const counts = new Map<string, number>();
    for (const { file } of sources) counts.set(path.dirname(file), (counts.get(path.dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([folder, count]) => count > 14 && !flat.includes(folder));
    expect(full).toEqual([]);
  });

  test('are named after a subject, in kebab-case', () => {
    const wrong = sources
      .map(({ file }) => path.basename(file, '.ts'))
      .filter(
        (name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || ['utils', 'helpers', 'common'].includes(name),
      );
    expect(wrong).toEqual([]);
  });
});
