import { chown, lchown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvFile } from '../../../src/lib/connection/env-file.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const anybody = { uid: undefined, folders: [] };

async function read(content: string): Promise<Readonly<Record<string, string>>> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, '.env'), content);
  return readEnvFile(folder, anybody);
}

test('the variables of a file', async () => {
  const content = ['# a comment', '', 'A=1 # one', 'export B = "two words"', "C='a", "b'", 'D='];
  expect(await read(content.join('\n'))).toEqual({ A: '1', B: 'two words', C: 'a\nb', D: '' });
});

test('a byte order mark, as an editor of Windows writes it, is no content', async () => {
  expect(await read('\uFEFFA=1\r\nB=2\r\n')).toEqual({ A: '1', B: '2' });
});

test.each([
  [
    'one byte a letter',
    Buffer.from('A=1\nNATS_USER=j\u00f6rg-secret\n', 'latin1'),
    '2: expected text in UTF-8, found other bytes',
  ],
  ['UTF-16', Buffer.from('\uFEFFA=secret\r\n', 'utf16le'), '1: expected text in UTF-8, found UTF-16'],
])(
  'a file in another encoding is refused, instead of read as something else: %s',
  async (_, content, message) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.env'), content);
    const error: unknown = await readEnvFile(folder, anybody).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ConfigError', message: `${join(folder, '.env')}:${message}` });
  },
);

test('no file, or a folder of that name: no variables', async () => {
  const folder = await temporaryFolder();
  expect(await readEnvFile(folder, anybody)).toEqual({});
  await mkdir(join(folder, '.env'));
  expect(await readEnvFile(folder, anybody)).toEqual({});
});

describe('a malformed file names the line, and nothing of its text', () => {
  test.each([
    ['no assignment', 'A=1\nsecret-token\n', 2],
    ['a name that is none', '\n\n1A=secret', 3],
    ['an open quote', 'A=1\n\nB="secret\nC=2\n', 3],
  ])('%s', async (_, content, line) => {
    const error: unknown = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ConfigError', exitCode: 2 });
    expect((error as Error).message).toMatch(new RegExp(`/\\.env:${line}: expected NAME=value`));
    expect((error as Error).message).not.toContain('secret');
  });
});

test('the longest file is read in linear time', async () => {
  await read(`${'#'.repeat(100_000)}\n${'A_=x'.repeat(50_000)}\n`);
});

test.runIf(process.getuid?.() === 0)(
  'a file of somebody else, or behind their link, is refused',
  async () => {
    const folder = await temporaryFolder();
    const file = join(folder, '.env');
    await writeFile(file, 'A=1');
    await chown(file, 4711, 4711);
    const me = { uid: 0, folders: [] };
    await expect(readEnvFile(folder, me)).rejects.toMatchObject({ code: 'NOT_YOURS', exitCode: 2 });
    expect(await readEnvFile(folder, { uid: 4711, folders: [] })).toEqual({ A: '1' });

    const other = await temporaryFolder();
    await symlink(file, join(other, '.env'));
    await expect(readEnvFile(other, me)).rejects.toMatchObject({ code: 'NOT_YOURS' });
    await chown(file, 0, 0);
    await lchown(join(other, '.env'), 4711, 4711);
    await expect(readEnvFile(other, me)).rejects.toThrow(/is a link that belongs to user 4711/);
  },
);
