import { execute } from '@oclif/core/execute';
import type { PJSON } from '@oclif/core/interfaces';
import { orderWords } from './order-words.js';

/** Runs the command that the words of this process name, of the package in the folder `root`. */
export async function start(root: string, packageJson: PJSON): Promise<void> {
  const args = await orderWords(
    process.argv.slice(2),
    async () => (await import('./global-flags.js')).globalFlags,
  );
  // Told both, oclif searches for neither.
  await execute({ args, loadOptions: { root, pjson: packageJson } });
}
