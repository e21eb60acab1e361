import { createRequire } from 'node:module';
import path from 'node:path';

/** What a watched process says to the one that watches, and what that says to it. */
export type FromWatched = { readonly files: readonly string[] } | { readonly loaded: true };
export type ToWatched = { readonly go: true };

/** Names the process that watches, by its id. */
export const watchedByVariable = 'PLUTOMI_EVENTS_WATCHED_BY';

/** One of several that run one after the other, each as soon as the one before has ended. */
export interface Watched {
  /** It depends on these files, whether or not they can be loaded. */
  dependsOn(files: readonly string[]): void;
  /** Everything is loaded: resolves when this one may begin. */
  turn(): Promise<void>;
}

/** This process as one that another one watches. `onLeft`: that is gone. Undefined: nobody does. */
export function watchedBy(onLeft: () => void): Watched | undefined {
  // What a handler starts has the same environment, and another parent.
  if (process.env[watchedByVariable] !== String(process.ppid) || process.send === undefined) return undefined;
  const { cache } = createRequire(import.meta.url);
  const ours = new Set(Object.keys(cache));
  process.on('disconnect', onLeft);
  const say = (message: FromWatched): void => void process.send?.(message, () => {});
  return {
    dependsOn: (files) => say({ files }),
    turn: () =>
      new Promise((resolve) => {
        process.once('message', () => {
          // What it runs keeps the process alive, and its end ends it.
          process.channel?.unref();
          resolve();
        });
        // TypeScript is loaded through this cache: also what is found by `paths` of a tsconfig.
        const loaded = Object.keys(cache).filter((file) => !ours.has(file) && !isInstalled(file));
        say({ files: loaded });
        say({ loaded: true });
      }),
  };
}

/** Files of packages are watched by nobody. */
export function isInstalled(file: string): boolean {
  return file.split(path.sep).includes('node_modules');
}
