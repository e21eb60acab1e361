import { type Decoded, malformed } from '../domain/decode.js';
import { ConfigError } from '../errors.js';
import type { KeyReference, KeyReferences } from '../domain/key-reference.js';
import { type KeySource, type NoKey, readKey, type SecretKey } from './read-key.js';
import { keyIdOf } from './sealed.js';
import type { StoredMessage } from '../nats/wire/message.js';

/** An encrypted payload, and the id of its key. */
export interface Sealed {
  /** A compact JWE. */
  readonly payload: Uint8Array;
  /** Says which key it was, and nothing of the key. */
  readonly keyId: string;
}

/** The only algorithms: what asks for others is not opened. */
const [alg, enc] = ['dir', 'A256GCM'];

const encoder = new TextEncoder();

/** Encrypts payloads and opens them. Reads each key when it is first needed; one that is not there is looked for again. */
export class Keyring {
  private readonly found = new Map<KeyReference, SecretKey>();

  constructor(
    private readonly references: KeyReferences | undefined,
    private readonly source: () => KeySource,
  ) {}

  /** The config names no keys. */
  get isEmpty(): boolean {
    return this.references === undefined;
  }

  /** Encrypts with the current key. Throws ConfigError `NO_KEY`, and `KEY_INVALID`. */
  async seal(payload: Uint8Array): Promise<Sealed> {
    const { current } = this.references ?? {};
    if (current === undefined)
      throw new ConfigError('an event type says encrypt: true, and the config has no keys.current', [], {
        code: 'NO_KEY',
      });
    const key = await this.read(current);
    if ('why' in key) throw noKey(key);
    const { CompactEncrypt } = await import('jose');
    const jwe = await new CompactEncrypt(payload)
      .setProtectedHeader({ alg, enc, kid: key.id })
      .encrypt(key.secret);
    return { payload: encoder.encode(jwe), keyId: key.id };
  }

  /** The payload of an encrypted message; a reason where no key opens it. Never throws, and shows nothing of it. */
  async open(message: Pick<StoredMessage, 'data' | 'headers'>): Promise<Decoded<Uint8Array>> {
    if (this.isEmpty) return malformed(noKeys(message));
    const reasons: string[] = [];
    let tried = 0;
    const keys = await this.readAll();
    const { compactDecrypt } = await import('jose');
    const allowed = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
    const meant = keyIdOf(message);
    // That with its id first; a program that is not ours may call its keys otherwise.
    const isMeant = (key: SecretKey | NoKey): number => ('id' in key && key.id === meant ? 0 : 1);
    for (const key of keys.toSorted((a, b) => isMeant(a) - isMeant(b))) {
      if ('why' in key) {
        reasons.push(key.reason);
        continue;
      }
      try {
        const { plaintext } = await compactDecrypt(message.data, key.secret, allowed);
        return { ok: true, value: plaintext };
      } catch {
        // What it says may be about the payload.
        tried++;
      }
    }
    const none =
      tried === 0
        ? 'no key is here'
        : tried === 1
          ? 'the key here does not open it'
          : `none of the ${tried} keys here opens it`;
    const missing = reasons.length === 0 ? '' : `; ${reasons.join('; ')}`;
    return malformed(`encrypted with the key ${meant}, and not opened: ${none}${missing}`);
  }

  /** What is wrong with the keys that the config names: those that are not there, and what is no key. */
  async problems(): Promise<NoKey[]> {
    return (await this.readAll()).filter((key) => 'why' in key);
  }

  private readAll(): Promise<(SecretKey | NoKey)[]> {
    const { references } = this;
    const all = references === undefined ? [] : [references.current, ...references.previous];
    return Promise.all(all.map((one) => this.read(one)));
  }

  private async read(reference: KeyReference): Promise<SecretKey | NoKey> {
    const known = this.found.get(reference);
    if (known) return known;
    const key = await readKey(reference, this.source());
    if ('id' in key) this.found.set(reference, key);
    return key;
  }
}

/** Those of a pipeline; undefined: it has none. */
export function keysOf({ keys }: { readonly keys: Keyring }): Keyring | undefined {
  return keys.isEmpty ? undefined : keys;
}

/** Why an encrypted message is not opened where the config has no keys. */
export function noKeys(message: Parameters<typeof keyIdOf>[0]): string {
  return `encrypted with the key ${keyIdOf(message)}, and not opened: the config has no keys`;
}

/** What stands before a command that needs the key. */
export function noKey({ why, reason }: NoKey): ConfigError {
  return new ConfigError(`the key ${reason}`, [], {
    code: why === 'missing' ? 'NO_KEY' : 'KEY_INVALID',
    suggestions: [
      ...(why === 'missing' ? ['give it to this process, or name another in keys of the config'] : []),
      'a new key: openssl rand -base64 32',
    ],
  });
}
