import { execute } from '@oclif/core/execute';

/** Runs the command that the words of this process name; `script` is the file that was started. */
export async function start(script: string): Promise<void> {
  await execute({ dir: script });
}
