import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../errors.js';
import { makeFolder } from './make-folder.js';

/** Whose files may decide what this process does, as git asks it of a repository. */
export interface Trust {
  /** The user that runs this process; undefined where the system has no such numbers. */
  readonly uid: number | undefined;
  /** SUDO_UID of a process that runs as root: who asked for it. */
  readonly sudoUid?: number | undefined;
  /** PLUTOMI_TRUSTED_FOLDERS: what lies in or below these absolute folders is trusted, whoever owns it; `*`: everything. */
  readonly folders: readonly string[];
}

/** Whom this process trusts: `uid` is its user, `variables` its environment. */
export function readTrust(
  uid: number | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Trust {
  const folders = (variables['PLUTOMI_TRUSTED_FOLDERS'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder === '*' || path.isAbsolute(folder))
    .map((folder) => (folder === '*' ? folder : path.resolve(folder)));
  const sudo = variables['SUDO_UID'];
  return { uid, folders, ...(uid === 0 && sudo ? { sudoUid: Number(sudo) } : {}) };
}

/**
 * Refuses a file or folder that another user could have put there: one that neither this user nor root owns, or
 * a link that such a one leads to. What does not exist is not a problem.
 *
 * Throws ConfigError `NOT_YOURS` (exit code 2).
 */
export async function requireTrusted(file: string, trust: Trust | undefined): Promise<void> {
  if (trust === undefined) return;
  const owner = await foreignOwner(file, trust);
  if (owner === undefined) return;
  throw new ConfigError(
    `${file} ${owner.isLink ? 'is a link that belongs' : 'belongs'} to user ${owner.uid}, who is neither you (${trust.uid}) nor root: it is not read, because it would decide what this command does`,
    [],
    {
      code: 'NOT_YOURS',
      suggestions: [
        `chown ${trust.uid} ${file}   # if it is yours`,
        `PLUTOMI_TRUSTED_FOLDERS=${path.dirname(file)}   # if you trust its owner`,
      ],
    },
  );
}

/** Makes a folder for this user alone. False where that is not possible, or where another user can write to it. */
export async function makePrivate(folder: string): Promise<boolean> {
  try {
    await makeFolder(folder);
    // A link may lead to a folder of this user that is meant for something else.
    const found = await lstat(folder);
    const isMine = process.getuid === undefined || process.getuid() === found.uid;
    return isMine && found.isDirectory() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

async function foreignOwner(
  file: string,
  trust: Trust,
): Promise<{ readonly uid: number; readonly isLink: boolean } | undefined> {
  if (trust.folders.some((folder) => contains(folder, file))) return undefined;
  const [link, target] = await Promise.all(
    [lstat(file), stat(file)].map((found) => found.catch(() => undefined)),
  );
  if (link !== undefined && !isOwn(link.uid, trust)) return { uid: link.uid, isLink: link.isSymbolicLink() };
  if (target !== undefined && !isOwn(target.uid, trust)) return { uid: target.uid, isLink: false };
  return undefined;
}

function isOwn(owner: number, { uid, sudoUid }: Trust): boolean {
  return uid === undefined || [uid, 0, sudoUid].includes(owner);
}

function contains(folder: string, file: string): boolean {
  if (folder === '*') return true;
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
