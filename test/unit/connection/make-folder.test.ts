import { stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { makeFolder } from '../../../src/lib/connection/make-folder.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('a folder and those above it are made for this user alone, by many at once too', async () => {
  const base = await temporaryFolder();
  const folder = join(base, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 5 }, () => makeFolder(folder)));
  for (const made of ['a', 'a/b', 'a/b/c']) expect((await stat(join(base, made))).mode & 0o777).toBe(0o700);
});

test('where none can be made, that is an error', async () => {
  const base = await temporaryFolder();
  await writeFile(join(base, 'file'), '');
  await symlink(join(base, 'nowhere'), join(base, 'link'));
  await expect(makeFolder(join(base, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(base, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder(join(base, 'link'))).rejects.toMatchObject({ code: 'EEXIST' });
});

test('folders of the environment that are relative do not count', () => {
  const relative = { HOME: 'a', XDG_CACHE_HOME: 'b', XDG_CONFIG_HOME: './c' };
  const none = readEnvironment({});
  expect(readEnvironment(relative)).toMatchObject({
    home: none.home,
    cacheHome: none.cacheHome,
    configHome: none.configHome,
  });
});
