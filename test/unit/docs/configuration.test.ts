import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { configJsonSchema } from '../../../src/lib/config/schema/json-schema.js';
import { loadConfig } from '../../../src/lib/config/load.js';
import { codeBlocks, codeSpans, readDoc, type TableRow, tableRows } from '../../support/markdown.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const doc = await readDoc('configuration.md');

interface SchemaNode {
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly const?: unknown;
}

interface SchemaKey {
  /** The heading that its table stands under. */
  readonly section: string;
  readonly key: string;
  readonly default?: unknown;
  readonly required: boolean;
}

const sectionOfRoot = 'The root';

/** Every key of the schema, with the section that must name it. */
function* keysOf(node: SchemaNode, section: string): Generator<SchemaKey> {
  // What an external consumer has in common with every other one stands in that one's tables.
  const own = section.replace(' with `external: true`', '').replaceAll('`', '');
  const path = section === sectionOfRoot ? '' : own;
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const required = node.required?.includes(key) === true;
    // `{}` stands for the defaults of its own keys.
    const byDefault = JSON.stringify(value.default) === '{}' ? undefined : value.default;
    yield { section, key, required, ...(byDefault === undefined ? {} : { default: byDefault }) };
    const below = path === 'streams' ? 'streams.<stream>' : path === '' ? key : `${path}.${key}`;
    yield* keysOf(value, `\`${below}\``);
  }
  if (typeof node.additionalProperties === 'object') {
    yield* keysOf(node.additionalProperties, `\`${path}.<${path === 'events' ? 'type' : 'name'}>\``);
  }
  for (const one of node.anyOf ?? []) yield* keysOf(one, section);
  for (const one of node.oneOf ?? []) {
    const external = one.properties?.['external']?.const === true;
    yield* keysOf(one, external ? `${section} with \`external: true\`` : section);
  }
}

const keys = [...keysOf(configJsonSchema(), sectionOfRoot)];
const rows = tableRows(doc);

function rowOf({ section, key }: SchemaKey): TableRow | undefined {
  return rows.find((row) => row.section === section && row.cells[0] === `\`${key}\``);
}

describe('docs/configuration.md', () => {
  test('has a row for every key of the schema, with its default', () => {
    expect(keys.length).toBeGreaterThan(60);
    const wrong = keys.flatMap((one) => {
      const cell = rowOf(one)?.cells[1];
      if (cell === undefined) return [`${one.section}: no row for ${one.key}`];
      if (one.required) return cell === 'required' ? [] : [`${one.section}: ${one.key} is required`];
      if (!('default' in one)) return [];
      const text = JSON.stringify(one.default)?.replaceAll('","', '", "');
      return codeSpans(cell).includes(text ?? '')
        ? []
        : [`${one.section}: ${one.key} has the default ${text}`];
    });
    expect(wrong).toEqual([]);
  });

  test('names no key that the schema does not have', () => {
    // A JSON Schema can't hold a Standard Schema.
    const known = new Set([...keys.map(({ section, key }) => `${section} ${key}`), '`events.<type>` schema']);
    const unknown = rows
      .map(({ section, cells }) => `${section} ${codeSpans(cells[0] ?? '').join()}`)
      .filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });

  test('shows configs that are valid', async () => {
    const whole = codeBlocks(doc, 'json', 'yaml', 'ts').filter(({ text }) => /"?name"?: /.test(text));
    expect(whole.map(({ language }) => language)).toEqual(['json', 'yaml', 'ts']);
    for (const { language, text } of whole) await loadsWithoutWarning(text, language);
  });

  test('shows recipes that are valid', async () => {
    const recipes = codeBlocks(doc, 'json').filter(({ section }) => section === 'Recipes');
    expect(recipes.length).toBe(2);
    for (const { text } of recipes) {
      const consumer = { events: ['a'], handler: './handlers/audit.ts', ...(JSON.parse(text) as object) };
      await loadsWithoutWarning(
        JSON.stringify({ name: 'p', events: { a: {} }, consumers: { c: consumer } }),
        'json',
      );
    }
  });
});

async function loadsWithoutWarning(text: string, language: string): Promise<void> {
  const folder = await temporaryFolder();
  const zod = fileURLToPath(new URL('../../../node_modules/zod', import.meta.url));
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(zod, path.join(folder, 'node_modules', 'zod'));
  await mkdir(path.join(folder, 'handlers'));
  for (const name of ['notifications.mjs', 'notifications.ts', 'audit.ts']) {
    await writeFile(path.join(folder, 'handlers', name), 'export default () => {};\n');
  }
  await writeFile(path.join(folder, `plutomi-events.config.${language}`), text);
  const warnings: unknown[] = [];
  await loadConfig({
    cwd: folder,
    cacheHome: path.join(folder, 'cache'),
    library: () => import('../../../src/lib/index.js'),
    variables: {},
    onWarning: (warning) => warnings.push(warning),
  });
  expect(warnings).toEqual([]);
}
