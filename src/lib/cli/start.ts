import type { PJSON } from '@oclif/core/interfaces';
import { run } from '@oclif/core/run';
import { readEnvironment } from '../connection/environment.js';
import { orderWords } from './usage/order-words.js';
import { assumeSizes, flushed, outliveReaders } from './output/standard-streams.js';
import { colorsOf } from './output/view.js';
import { wantsJson } from './output/wants-json.js';

/**
 * Runs the command that the words of this process name, of the package in the folder `root`, and ends the process
 * when its result or error has been written: no handle is waited for, ours or a handler's.
 */
export async function start(root: string, packageJson: PJSON): Promise<void> {
  outliveReaders();
  assumeSizes();
  const typed = process.argv.slice(2);
  try {
    const words = await orderWords(
      typed,
      async () => (await import('./flags/global-flags.js')).globalFlags,
      Object.keys(packageJson.oclif.topics ?? {}),
    );
    // Given both, oclif searches for neither. Nor does it look for code to run in the folders of a user.
    await run(words, { root, pjson: packageJson, userPlugins: false, devPlugins: false });
  } catch (error) {
    const colors = colorsOf(process.stderr, readEnvironment(undefined, root), typed.includes('--no-color'));
    // It knows the errors of the client: only who fails needs to load it.
    const { reportError } = await import('./output/report-error.js');
    reportError(error as Error, { json: wantsJson(typed), colors });
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit();
}
