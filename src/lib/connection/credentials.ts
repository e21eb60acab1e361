import { createReadStream, type ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { looksSecret } from '../domain/secrets.js';
import { UsageError } from '../errors.js';
import type { Environment } from './environment.js';
import { isQuoted, quotesKept } from './server-urls.js';

export type CredentialsKind = 'creds' | 'nkey';

const shapes: Readonly<Record<CredentialsKind, { readonly what: string; readonly pattern: RegExp }>> = {
  creds: {
    what: 'credentials with a user JWT and its seed',
    pattern: /-----BEGIN NATS USER JWT-----[\s\S]+-----BEGIN USER NKEY SEED-----/,
  },
  nkey: {
    what: 'the seed of a user nkey (it starts with SU)',
    pattern: /(?:^|\n)\s*(SU[A-Z2-7]{56})\s*(?:\n|$)/,
  },
};

/** The contents of a file with credentials, checked for their form. `from` is a flag or the field of a context. */
export async function readCredentials(
  kind: CredentialsKind,
  from: string,
  written: string,
  environment: Environment,
): Promise<string> {
  const file = await requireFile(from, written, environment, 'or a pipe');
  return checkCredentials(kind, `${from} ${written}`, await readText(from, file));
}

/** The part of the text that counts. Throws UsageError that says what was expected, and nothing of what is there. */
export function checkCredentials(kind: CredentialsKind, from: string, content: string): string {
  const { what, pattern } = shapes[kind];
  const found = pattern.exec(content);
  if (found) return found[1] ?? content;
  throw new UsageError(
    `${from}: expected ${what}, found ${content.trim() === '' ? 'nothing' : 'something else'}`,
    {
      code: 'INVALID_CREDENTIALS',
    },
  );
}

/**
 * The absolute path of a file that must be there. A pipe, as of `<(…)`, gives what is in it once only: not for what
 * is read again at each new connection.
 */
export async function requireFile(
  from: string,
  written: string,
  environment: Environment,
  also?: 'or a pipe',
): Promise<string> {
  if (looksSecret(written)) {
    throw new UsageError(`${from}: expected the path of a file, found the secret itself (not shown)`, {
      code: 'FILE_MISSING',
      suggestions: ['write it to a file that only you can read (chmod 600), and name that'],
    });
  }
  const file = path.resolve(environment.cwd, written);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return file;
  const isPipe = found?.isFIFO() || found?.isSocket() || found?.isCharacterDevice();
  if (isPipe && also) return file;
  const why = isPipe ? 'it is a pipe, and is read again at each new connection' : 'it is not a file';
  const missing = isQuoted(written) ? `there is no such file; ${quotesKept}` : 'there is no such file';
  const what = found ? why : missing;
  throw new UsageError(`${from}: can't read ${written}: ${what} (looked at ${file})`, {
    code: 'FILE_MISSING',
  });
}

/** By its number: by its name a socket can't be opened. */
function standardInput(): ReadStream {
  return createReadStream('', { fd: 0, autoClose: false });
}

async function readText(from: string, file: string): Promise<string> {
  try {
    return file === '/dev/stdin' ? await text(standardInput()) : await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${from}: can't read ${file}: ${code ?? 'unknown reason'}`, {
      code: 'FILE_MISSING',
    });
  }
}
