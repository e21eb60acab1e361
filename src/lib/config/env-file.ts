import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../errors.js';

/** A blank line, a comment, or NAME=value; a quoted value may go over several lines. */
const entry =
  /[ \t]*(?:#[^\n]*|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`|(?!["'`])[^\n]*)[ \t]*(?:#[^\n]*)?)?(?:\r?\n|$)/y;

/**
 * Adds the variables of `<cwd>/.env` to the process's environment, where there is such a file. Variables that are
 * set already win.
 *
 * Throws ConfigError with the line of what is no NAME=value; never with its text, which may be a secret.
 */
export async function loadEnvFile(cwd: string): Promise<void> {
  const file = path.join(cwd, '.env');
  const text = await readText(file);
  if (text === undefined) return;
  const line = malformedLine(text);
  if (line !== undefined) {
    throw new ConfigError(`${file}:${line}: expected NAME=value, found something else`, [], {
      suggestions: ['start comments with #, close quotes'],
    });
  }
  process.loadEnvFile(file);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder of that name is some tool's own.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`can't read ${file}: ${code ?? 'unknown reason'}`);
  }
}

/** The first line, from 1, that is no entry. */
function malformedLine(text: string): number | undefined {
  for (let at = 0; at < text.length; at = entry.lastIndex) {
    entry.lastIndex = at;
    if (!entry.test(text)) return text.slice(0, at).split('\n').length;
  }
  return undefined;
}
