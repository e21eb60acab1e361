import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../errors.js';
import { textIn } from '../../connection/text-file.js';
import { deepest, duplicatesIn, type Located, positionIn, type TextFile } from './positions.js';

/**
 * Reads a JSON config.
 *
 * Throws ConfigError with line and column of what is not JSON, or with each key that stands twice in one object.
 */
export async function readJson(file: string): Promise<TextFile> {
  const text = textIn(file, await readFile(file));
  const value = parse(text, file);
  // Where each key stands takes another parser, which is only loaded to say what is wrong.
  const located = async (): Promise<Located> => (await import('./json-positions.js')).locateJson(text);
  if (countKeysWritten(text) !== countKeys(value, file)) throw sameKeys(file, await located());
  return { value, positions: async () => positionIn(await located()) };
}

export function sameKeys(file: string, located: Located): ConfigError {
  return new ConfigError(`${file} has the same key more than once:`, duplicatesIn(located), {
    suggestions: ['keep one of them, or rename the other: the first would be ignored'],
  });
}

export function tooDeep(file: string): ConfigError {
  return new ConfigError(`${file}: can't be read: it is nested more than ${deepest} levels deep`);
}

/** In valid JSON a text with a colon after it is a key, and nothing else is. */
function countKeysWritten(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)) if (colon !== undefined) count++;
  return count;
}

/** Throws ConfigError where it is nested deeper than any config. */
function countKeys(value: unknown, file: string): number {
  let count = 0;
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw tooDeep(file);
    const objects = level.filter((one) => typeof one === 'object' && one !== null);
    for (const one of objects) if (!Array.isArray(one)) count += Object.keys(one).length;
    level = objects.flatMap((one): unknown[] => Object.values(one));
  }
  return count;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const at = firstBadPosition(text);
    const before = text.slice(0, at).split('\n');
    const where = `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    const found = at >= text.length ? 'end of the file' : JSON.stringify(text[at]);
    throw new ConfigError(`${where}: not valid JSON: unexpected ${found}`, [], {
      suggestions: text[at] === '/' ? ['JSON does not allow comments; plutomi-events.config.mjs does'] : [],
    });
  }
}

/** How much of the text is the beginning of a JSON value; V8 tells the position of an error only sometimes. */
function firstBadPosition(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (canContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Does the text fail, if at all, only because it ends too early? */
function canContinue(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated string/.test(message) || Number(position) >= start.length;
  }
}
