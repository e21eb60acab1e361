import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompactEncrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { Keyring } from '../../../src/lib/encryption/keyring.js';
import { sealedHeaders } from '../../../src/lib/encryption/sealed.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const plain = new TextEncoder().encode('{"email":"ada@example.com"}');
const keys = { A: randomBytes(32).toString('base64'), B: randomBytes(32).toString('base64url') };

function ring(
  current: string,
  previous: string[] = [],
  variables: Record<string, string> = keys,
  folder = '/',
) {
  return new Keyring({ current, previous }, () => ({ variables, folder }));
}

async function sealed(by: Keyring) {
  const { payload, keyId } = await by.seal(plain);
  return { data: payload, headers: sealedHeaders({}, keyId) };
}

const headerOfJwe = (data: Uint8Array): unknown =>
  JSON.parse(Buffer.from(Buffer.from(data).toString().split('.')[0] ?? '', 'base64url').toString());

describe('a keyring', () => {
  it('makes a compact JWE with the id of its key, and opens it', async () => {
    const message = await sealed(ring('env://A'));
    const { 'Plutomi-Encrypted': [kid] = [], 'Content-Type': type } = message.headers;
    expect(headerOfJwe(message.data)).toEqual({ alg: 'dir', enc: 'A256GCM', kid });
    expect(type).toEqual(['application/jose']);
    expect(Buffer.from(message.data).toString()).not.toContain('ada');
    expect(await ring('env://A').open(message)).toEqual({ ok: true, value: plain });
  });

  it('opens with a previous key what that has encrypted, wherever the key is kept', async () => {
    const message = await sealed(ring('env://A'));
    const rotated = ring('env://B', ['env://OLD'], { B: keys.B, OLD: keys.A });
    expect(await rotated.open(message)).toMatchObject({ ok: true });
    expect((await sealed(rotated)).headers).not.toEqual(message.headers);
  });

  it('opens what another program has encrypted with the key, and calls otherwise', async () => {
    const jwe = await new CompactEncrypt(plain)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: '2026-01' })
      .encrypt(Buffer.from(keys.A, 'base64'));
    const message = { data: Buffer.from(jwe), headers: { 'Plutomi-Encrypted': ['2026-01'] } };
    expect(await ring('env://B', ['env://A']).open(message)).toEqual({ ok: true, value: plain });
  });

  it('says which key is missing, and shows nothing else', async () => {
    const message = await sealed(ring('env://A'));
    const kid = message.headers['Plutomi-Encrypted']?.[0] ?? '';
    const reason = async (of: Keyring): Promise<unknown> => {
      const opened = await of.open(message);
      return opened.ok ? opened : opened.reason.replace(kid, 'KID');
    };
    const start = 'encrypted with the key KID, and not opened:';
    expect(await reason(ring('env://NONE'))).toBe(`${start} no key is here; env://NONE is not there`);
    expect(await reason(ring('env://B'))).toBe(`${start} the key here does not open it`);
    expect(await reason(ring('env://NONE', ['env://B']))).toBe(
      `${start} the key here does not open it; env://NONE is not there`,
    );
    expect(await reason(new Keyring(undefined, () => ({ variables: keys, folder: '/' })))).toBe(
      `${start} the config has no keys`,
    );
    const cut = { ...message, data: message.data.subarray(0, -4) };
    expect(await ring('env://A').open(cut)).toMatchObject({ ok: false });
    const forged = { ...message, data: Buffer.from('eyJ.not.a.jwe') };
    expect(await ring('env://A').open(forged)).toMatchObject({ ok: false });
  });

  it('refuses to encrypt without a key, and with what is none', async () => {
    const short = randomBytes(16).toString('base64');
    const all = { SHORT: short, HEX: randomBytes(32).toString('hex'), TEXT: 'a pass phrase!' };
    const refused = (name: string): Promise<unknown> =>
      ring(`env://${name}`, [], all)
        .seal(plain)
        .then(
          () => 'sealed',
          ({ code, message, exitCode }: { code: string; message: string; exitCode: number }) => [
            code,
            message,
            exitCode,
          ],
        );
    const expected = 'expected a key of 256 bits in base64 or base64url, found';
    expect(await refused('NONE')).toEqual(['NO_KEY', 'the key env://NONE is not there', 2]);
    expect(await refused('SHORT')).toEqual(['KEY_INVALID', `the key env://SHORT: ${expected} 128 bits`, 2]);
    expect(await refused('HEX')).toEqual(['KEY_INVALID', `the key env://HEX: ${expected} 384 bits`, 2]);
    expect(await refused('TEXT')).toEqual(['KEY_INVALID', `the key env://TEXT: ${expected} other text`, 2]);
  });

  it('reads a key from a file, and finds one that comes later', async () => {
    const folder = await temporaryFolder();
    const late = ring('file://key', [], {}, folder);
    const message = await sealed(ring('env://A'));
    expect(await late.open(message)).toMatchObject({ ok: false });
    expect(await late.problems()).toMatchObject([{ why: 'missing', reason: 'file://key is not there' }]);
    await writeFile(join(folder, 'key'), `${keys.A}\n`);
    expect(await late.open(message)).toMatchObject({ ok: true });
    expect(await ring(`file://${join(folder, 'key')}`, [], {}, '/').open(message)).toMatchObject({
      ok: true,
    });
    expect(await late.problems()).toEqual([]);
  });
});
