import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closest } from '../domain/closest.js';
import { escapeLine } from '../domain/escape.js';
import { OperationError, UsageError } from '../errors.js';
import { suggestCommand } from '../suggestion.js';

/** An example of the package, as its `example.json` describes it. */
export interface Example {
  /** Its folder below `examples`, e.g. `plutomi` or `notes/1-pub-sub`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** How long it takes on a quiet machine, in seconds. */
  readonly seconds: number;
  /** npm packages that it needs beside those of plutomi-events itself. */
  readonly packages: readonly string[];
}

/** Where the examples of the package in the folder `root` are. */
export function examplesFolder(root: string): string {
  return join(root, 'examples');
}

/** The examples of the package in the folder `root`, in the order in which one reads them. */
export async function listExamples(root: string): Promise<readonly Example[]> {
  const folder = examplesFolder(root);
  const names = await namesBelow(folder);
  const found = await Promise.all(names.map((name) => readExample(folder, name)));
  const ordered = found.toSorted((a, b) => a.order - b.order || a.example.name.localeCompare(b.example.name));
  return ordered.map(({ example }) => example);
}

/**
 * The example of this name.
 *
 * @throws UsageError `UNKNOWN_EXAMPLE`, with the nearest name.
 */
export async function findExample(root: string, name: string): Promise<Example> {
  const examples = await listExamples(root);
  const found = examples.find((one) => one.name === name);
  if (found) return found;
  const names = examples.map((one) => one.name);
  const lastParts = names.map((one) => one.split('/').at(-1) ?? one);
  const near =
    closest(name, names) ?? names[lastParts.indexOf(closest(name, lastParts) ?? '')] ?? endsLike(name, names);
  throw new UsageError(`no example "${escapeLine(name)}"`, {
    code: 'UNKNOWN_EXAMPLE',
    suggestions: [
      ...(near === undefined ? [] : [suggestCommand('examples run', { args: [near], why: 'did you mean' })]),
      suggestCommand('examples list', { why: 'all of them' }),
    ],
  });
}

/** `outage` is `notes/2-outage`. */
function endsLike(name: string, names: readonly string[]): string | undefined {
  return names.find((one) => name !== '' && one.endsWith(name));
}

interface Ordered {
  readonly example: Example;
  readonly order: number;
}

/** `example.json`. */
interface Described {
  readonly title: string;
  readonly seconds: number;
  readonly order?: number;
  readonly packages?: readonly string[];
}

/** Folders with an `example.json`, one or two levels down. */
async function namesBelow(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^[^/]+(?:\/[^/]+)?\/example\.json$/.test(file))
    .map((file) => file.slice(0, -'/example.json'.length));
}

async function readExample(folder: string, name: string): Promise<Ordered> {
  const file = join(folder, name, 'example.json');
  const text = await readFile(file, 'utf8');
  try {
    const { title, seconds, order = 0, packages = [] } = JSON.parse(text) as Described;
    return { example: { name, title, seconds, packages }, order };
  } catch {
    throw new OperationError(`${file} is not JSON`, { code: 'EXAMPLE_INVALID' });
  }
}
