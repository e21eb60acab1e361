import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '../errors.js';
import { textIn } from './text-file.js';
import { requireTrusted, type Trust } from './trust.js';

/** A blank line, a comment, or NAME=value; a quoted value may go over several lines. */
const entry =
  /[ \t]*(?:#[^\n]*|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`|(?!["'`])[^\n]*)[ \t]*(?:#[^\n]*)?)?(?:\r?\n|$)/y;

/**
 * The variables of `<cwd>/.env`; none where there is no such file. A byte order mark at its start is ignored.
 *
 * Throws ConfigError: the file belongs to another user, or with the line of what is not NAME=value; never with its
 * text, which may be a secret.
 */
export async function readEnvFile(cwd: string, trust: Trust): Promise<Readonly<Record<string, string>>> {
  const file = path.join(cwd, '.env');
  const bytes = await readBytes(file);
  if (bytes === undefined) return {};
  await requireTrusted(file, trust);
  const text = textIn(file, bytes);
  const line = malformedLine(text);
  if (line !== undefined) {
    throw new ConfigError(`${file}:${line}: expected NAME=value, found something else`, [], {
      suggestions: ['start comments with #, close quotes'],
    });
  }
  return parseEnv(text) as Record<string, string>;
}

async function readBytes(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder of that name is some tool's own.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`can't read ${file}: ${code ?? 'unknown reason'}`, [], {
      suggestions: ['let this user read it, or run it in another folder'],
    });
  }
}

/** The first line, from 1, that is not an entry. */
function malformedLine(text: string): number | undefined {
  for (let at = 0; at < text.length; at = entry.lastIndex) {
    entry.lastIndex = at;
    if (!entry.test(text)) return text.slice(0, at).split('\n').length;
  }
  return undefined;
}
