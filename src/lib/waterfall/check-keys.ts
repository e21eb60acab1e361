import { noKey } from '../encryption/keyring.js';
import type { Logger } from '../observe/log.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/**
 * Before anything runs: a key that can't be one is refused, and one that is not there is told, since what is encrypted
 * with it fails until it is. Throws ConfigError `KEY_INVALID`.
 */
export async function checkKeys({ keys }: Pipeline, log: Logger): Promise<void> {
  for (const problem of await keys.problems()) {
    if (problem.why === 'invalid') throw noKey(problem);
    log.warn(`the key ${problem.reason}: what is encrypted with it fails, and can be replayed when it is`);
  }
}
