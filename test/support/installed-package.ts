import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { temporaryFolder } from './temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Installs the package into a project that has a package.json, as its users do: packed, and with its dependencies. */
export async function installPackage(project: string): Promise<void> {
  const folder = await temporaryFolder();
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const words = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball)];
  await execa('npm', words, { cwd: project });
}
