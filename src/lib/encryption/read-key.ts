import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Decoded, malformed } from '../domain/decode.js';
import { escapeLine } from '../domain/escape.js';
import { envScheme, fileScheme, type KeyReference } from '../domain/key-reference.js';

/** A key, and how it is called in what it has encrypted. */
export interface SecretKey {
  readonly id: string;
  readonly secret: KeyObject;
}

/** Where references lead to. */
export interface KeySource {
  /** The environment. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly folder: string;
}

/** Why there is no key: it is not there, or it is no key. */
export interface NoKey {
  /** Not there, or no key. */
  readonly why: 'missing' | 'invalid';
  /** In words, with where it was looked for. */
  readonly reason: string;
}

const keyBytes = 32;

/** The key that a reference leads to. What is not a key is never shown. */
export async function readKey(reference: KeyReference, source: KeySource): Promise<SecretKey | NoKey> {
  const text = await readReference(reference, source);
  if (text === undefined || text.trim() === '')
    return { why: 'missing', reason: `${escapeLine(reference)} is not there` };
  const bytes = decodeKey(text.trim());
  if (!bytes.ok) return { why: 'invalid', reason: `${escapeLine(reference)}: ${bytes.reason}` };
  return { id: keyId(bytes.value), secret: createSecretKey(bytes.value) };
}

/** What stands where a reference leads to; undefined: nothing is there. */
export async function readReference(
  reference: KeyReference,
  { variables, folder }: KeySource,
): Promise<string | undefined> {
  if (reference.startsWith(envScheme)) return variables[reference.slice(envScheme.length)];
  const file = path.resolve(folder, reference.slice(fileScheme.length));
  return readFile(file, 'utf8').catch(() => undefined);
}

function decodeKey(text: string): Decoded<Buffer> {
  const expected = `expected a key of ${keyBytes * 8} bits in base64 or base64url`;
  if (!/^[\w+/-]+={0,2}$/.test(text)) return malformed(`${expected}, found other text`);
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === keyBytes
    ? { ok: true, value: bytes }
    : malformed(`${expected}, found ${bytes.length * 8} bits`);
}

/** The same wherever the key is kept, so that it may move from `current` to `previous`. Says nothing of the key. */
function keyId(key: Buffer): string {
  return createHmac('sha256', key).update('plutomi-events kid').digest('base64url').slice(0, 16);
}
