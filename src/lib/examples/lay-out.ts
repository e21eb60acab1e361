import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Example, examplesFolder } from './catalog.js';
import { providePackages, type ProvidePackages } from './packages.js';

/** An example that was copied, ready to be started. */
export interface LaidOut {
  /** The new folder. */
  readonly folder: string;
  /** The example's own place in it. */
  readonly place: string;
}

/** Where the package is, and what to tell. */
export interface LayOutOptions extends Omit<ProvidePackages, 'folder' | 'packages'> {
  /** The new folder, from `newFolder`. */
  readonly folder: string;
}

/** A new empty folder for an example, for this user alone. */
export function newFolder(example: Example): Promise<string> {
  return mkdtemp(join(tmpdir(), `plutomi-events-${example.name.replaceAll('/', '-')}-`));
}

/** Copies an example and the kit that all of them share, in the places that they have to each other, with what they import. */
export async function layOut(example: Example, options: LayOutOptions): Promise<LaidOut> {
  const { root, folder } = options;
  const source = examplesFolder(root);
  const place = join(folder, example.name);
  await mkdir(place, { recursive: true });
  await cp(join(source, 'kit'), join(folder, 'kit'), { recursive: true });
  // `npm run dev`, typed in the example's own place, runs its pipeline and follows its files.
  await cp(join(source, 'kit', 'project.json'), join(folder, 'package.json'));
  await cp(join(source, example.name), place, { recursive: true, filter: isSource });
  await providePackages({ ...options, packages: example.packages });
  return { folder, place };
}

/** What a run in the checkout has left there stays there. */
function isSource(file: string): boolean {
  return !['node_modules', '.plutomi-events', '.env'].includes(basename(file));
}
