import { execute } from '@oclif/core/execute';
import type { PJSON } from '@oclif/core/interfaces';

/** Runs the command that the words of this process name, of the package in the folder `root`. */
export async function start(root: string, packageJson: PJSON): Promise<void> {
  // Told both, oclif searches for neither.
  await execute({ loadOptions: { root, pjson: packageJson } });
}
