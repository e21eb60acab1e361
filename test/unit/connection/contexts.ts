import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '../../../src/lib/connection/environment.js';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Not real: generated for these tests. */
export const creds = `-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QifQ.e30.c2ln
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
SUAAVVMFMGTGEKSBRNR6BBCFTZ5ROHKCBCV5HFKPPDN5W5LXMGTYPEQEDE
------END USER NKEY SEED------
`;
export const seed = 'SUAAVVMFMGTGEKSBRNR6BBCFTZ5ROHKCBCV5HFKPPDN5W5LXMGTYPEQEDE';

export interface Home {
  readonly environment: Environment;
  readonly folder: string;
}

/**
 * An environment whose working folder, home and config folder are in a new folder, with these contexts and files.
 */
export async function homeWith(
  contexts: Record<string, unknown>,
  files: Record<string, string> = {},
  variables: Record<string, string> = {},
): Promise<Home> {
  const folder = await temporaryFolder();
  const all = { ...files };
  for (const [name, context] of Object.entries(contexts)) {
    all[`config/nats/context/${name}.json`] = typeof context === 'string' ? context : JSON.stringify(context);
  }
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const environment = readEnvironment(
    { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), ...variables },
    folder,
  );
  return { environment, folder };
}
