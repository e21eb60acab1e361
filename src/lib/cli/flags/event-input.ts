import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { atHome } from '../../connection/at-home.js';
import { messageOf, UsageError } from '../../errors.js';
import type { EventHeaders } from '../../events/publish/headers.js';

/** What `--data` names: the text itself, the file after an `@`, or all of stdin for `-`. Undefined: an empty payload. */
export async function readData(
  written: string | undefined,
  from: { readonly cwd: string; readonly home: string; readonly stdin: NodeJS.ReadableStream },
): Promise<string | Uint8Array | undefined> {
  if (written === '-') return buffer(from.stdin);
  if (!written?.startsWith('@')) return written;
  const file = resolve(from.cwd, atHome(written.slice(1), from.home));
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`--data ${written}: can't read ${file}: ${reasonOf(error)}`, {
      code: 'DATA_UNREADABLE',
      cause: error,
      suggestions: ['for data that starts with @, write it to stdin and use --data -'],
    });
  }
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? 'it is a folder' : messageOf(error);
}

/** Headers from `Name: value` texts; a name that comes several times has several values. */
export function parseHeaders(written: readonly string[]): EventHeaders {
  const headers = new Map<string, string[]>();
  for (const text of written) {
    const colon = text.indexOf(':');
    if (colon < 1) {
      throw new UsageError(`--header: expected "Name: value", found ${JSON.stringify(text)}`, {
        suggestions: ["--header 'Session-Id: 4f1c'"],
      });
    }
    const name = text.slice(0, colon).trim();
    headers.set(name, [...(headers.get(name) ?? []), text.slice(colon + 1).trim()]);
  }
  return Object.fromEntries(headers);
}

/** Parts of a subject from `name=value` texts. */
export function parseParams(written: readonly string[]): Readonly<Record<string, string>> {
  const pairs = written.map((text): [string, string] => {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new UsageError(`--param: expected name=value, found ${JSON.stringify(text)}`, {
        suggestions: ['--param tenant=acme'],
      });
    }
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}
