import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Role, roles } from '../../src/lib/permissions/role.js';
import { codeBlocks, readDoc } from './markdown.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** What `pipeline permissions` of the real binary prints for the config in a folder. */
export function printedPermissions(folder: string, role: Role, ...words: string[]): string {
  return execFileSync(process.execPath, [bin, 'pipeline', 'permissions', '--role', role, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/**
 * The nats-server configuration of docs/operations.md: a user of each role with the password `secret`, and besides
 * an `admin` who may do all. The permissions that it includes are printed into `folder`, a sibling of the server's.
 */
export async function usersOfAllRoles(folder: string): Promise<string> {
  const block = codeBlocks(await readDoc('operations.md'), 'conf').find(
    ({ section }) => section === 'Permissions',
  );
  for (const role of roles) await writeFile(join(folder, `${role}.conf`), printedPermissions(folder, role));
  const text = (block?.text ?? '')
    .replaceAll('include "', `include "../${basename(folder)}/`)
    .replace('users: [', 'users: [ { user: admin, password: secret }');
  return `${roles.map((role) => `${role.toUpperCase()}_PASSWORD: secret`).join('\n')}\n${text}`;
}
