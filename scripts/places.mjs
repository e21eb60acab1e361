import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** What the scripts remember; goes away with node_modules. */
export const cacheFolder = join(root, 'node_modules', '.cache', 'plutomi-events');

/** Its time is when the last build that succeeded began. */
export const buildStamp = join(cacheFolder, 'built');

/** Holds the SHA256 of the package-lock.json that node_modules was installed from. */
export const dependenciesStamp = join(cacheFolder, 'dependencies');
