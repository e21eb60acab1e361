import { readFile } from 'node:fs/promises';
import { ConfigError } from '../errors.js';

/** Reads a JSON config. Throws ConfigError with line and column of what is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch {
    const at = firstBadPosition(text);
    const before = text.slice(0, at).split('\n');
    const where = `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    const found = at >= text.length ? 'the end of the file' : JSON.stringify(text[at]);
    throw new ConfigError(`${where}: this is no JSON: did not expect ${found} here`, [], {
      suggestions: text[at] === '/' ? ['JSON has no comments; plutomi-events.config.mjs may have some'] : [],
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
