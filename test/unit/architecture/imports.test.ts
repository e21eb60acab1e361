import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAstAsync } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../src/', import.meta.url));

/** From the bottom up: a folder imports from itself and from those before it. Names in one row are level. */
const layers: readonly (readonly string[])[] = [
  ['suggestion.ts'],
  ['errors.ts'],
  ['flow', 'domain'],
  ['observe', 'http'],
  ['nats'],
  ['connection'],
  ['config', 'dev-server'],
  ['pipeline'],
  ['journal', 'pointers', 'handlers'],
  ['routing'],
  ['topology', 'waterfall'],
  ['dlq'],
  ['events', 'verify', 'permissions'],
  ['render'],
  ['open'],
  ['index.ts', 'internals.ts'],
  ['cli'],
  ['commands'],
];

interface Source {
  readonly file: string;
  readonly text: string;
  /** Specifiers of imports and re-exports, with those of types. */
  readonly imports: readonly { readonly from: string; readonly dynamic: boolean }[];
}

let sources: Source[] = [];

beforeAll(async () => {
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'));
  sources = await Promise.all(files.map(readSource));
});

async function readSource(file: string): Promise<Source> {
  const text = await readFile(path.join(root, file), 'utf8');
  const ast = await parseAstAsync(text, { lang: 'ts' });
  const imports = ast.body.flatMap((node) => {
    if (
      node.type !== 'ImportDeclaration' &&
      node.type !== 'ExportNamedDeclaration' &&
      node.type !== 'ExportAllDeclaration'
    )
      return [];
    return node.source ? [{ from: node.source.value, dynamic: false }] : [];
  });
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, from]) => ({
    from: from ?? '',
    dynamic: true,
  }));
  return { file, text, imports: [...imports, ...dynamic] };
}

function layerOf(file: string): string {
  const parts = file.split(path.sep);
  return parts[0] === 'commands' ? 'commands' : (parts[1] ?? '');
}

function rank(layer: string): number {
  const found = layers.findIndex((row) => row.includes(layer));
  if (found === -1) throw new Error(`src/lib/${layer} has no place in the order of layers`);
  return found;
}

function targetOf({ file }: Source, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  return path.join(path.dirname(file), from).replace(/\.js$/, '.ts');
}

describe('imports', () => {
  test('point downwards only', () => {
    const wrong = sources.flatMap((source) =>
      source.imports.flatMap(({ from, dynamic }) => {
        const target = targetOf(source, from);
        if (target === undefined) return [];
        const [own, other] = [layerOf(source.file), layerOf(target)];
        const fine = own === other || rank(other) < rank(own) || (dynamic && other === 'index.ts');
        return fine ? [] : [`${source.file} imports ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('have no cycle, those of types and those made late included', () => {
    const graph = new Map(
      sources.map((source) => [
        source.file,
        // What a config imports as `plutomi-events` is the whole of the library, whoever loads it.
        source.imports
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
      ({ file, imports }) =>
        layerOf(file) !== 'nats' && imports.some(({ from }) => from.startsWith('@nats-io/')),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('of oclif stand in cli/ and commands/ only', () => {
    const wrong = sources.filter(
      ({ file, imports }) =>
        !['cli', 'commands'].includes(layerOf(file)) &&
        imports.some(({ from }) => from.startsWith('@oclif/')),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });
});

describe('sources', () => {
  test('acknowledge in waterfall/worker/settle only', () => {
    const wrong = sources.filter(
      ({ file, text }) =>
        !file.endsWith(path.join('waterfall', 'worker', 'settle.ts')) &&
        !file.endsWith(path.join('nats', 'consume', 'delivery.ts')) &&
        /\b(tell|tellConfirmed|nakVerdict)\(|\.(ack|nak|term|ackAck)\(\)/.test(text),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('read the environment in connection/ only, and print, exit or prompt in cli/ and commands/ only', () => {
    const library = sources.filter(({ file }) => !['cli', 'commands'].includes(layerOf(file)));
    const environment = library.filter(
      ({ file, text }) => layerOf(file) !== 'connection' && /process\.env\b/.test(text),
    );
    const effects = library.filter(({ text }) =>
      /process\.(exit\(|argv|stdout|stderr|stdin)|console\./.test(text),
    );
    expect([...environment, ...effects].map(({ file }) => file)).toEqual([]);
  });

  test('take time, chance and who this process is from what they are given', () => {
    const given = ['connection', 'pipeline', 'cli', 'commands'];
    const reads =
      /Date\.now|\bDate\(\)|performance\.now|\bhrtime\b|Math\.random|\brandom(UUID|Bytes|Int)\b|getRandomValues|process\.(env|p?pid)\b|\bhostname\(\)/;
    const wrong = sources.filter(
      ({ file, text }) =>
        !given.includes(layerOf(file)) && !file.endsWith(path.join('flow', 'clock.ts')) && reads.test(text),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('are short enough to read at once', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 300);
    expect(long.map(({ file }) => file)).toEqual([]);
  });

  test('take the pipeline first, and not its parts', () => {
    const wrong = sources.filter(({ text }) =>
      /\(\s*(link: Link,\s*config|config: PipelineConfig,\s*link)\b/.test(text),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  test('stand at most 14 to a folder', () => {
    // Flat on purpose: one subject a file, found by its name.
    const flat = ['lib/domain', 'lib/render'].map((folder) => path.join(folder));
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
