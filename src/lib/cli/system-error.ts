import { tmpdir } from 'node:os';
import { isAbsolute, relative } from 'node:path';

/** What the system refused, and what helps. */
export interface SystemFailure {
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** What helps against each refusal that no bug is needed for. */
const remedies: Readonly<Record<string, string>> = {
  EROFS: 'run it where that may be written',
  EACCES: 'run it as a user that may do that',
  EPERM: 'run it as a user that may do that',
  ENOSPC: 'free some space there',
  EDQUOT: 'free some space there',
  EMFILE: 'allow more open files: ulimit -n',
  ENFILE: 'allow more open files: ulimit -n',
};

/** What the machine refused a call of Node's for, or undefined where the call itself may be wrong. */
export function systemFailure(error: Error): SystemFailure | undefined {
  const { code = '', syscall, path, message } = error as NodeJS.ErrnoException;
  const suggestions = [
    ...(path !== undefined && isTemporary(path) ? ['name another folder for temporary files: TMPDIR'] : []),
    ...(remedies[code] === undefined ? [] : [remedies[code]]),
  ];
  if (suggestions.length === 0 || syscall === undefined) return undefined;
  const why = /^\w+: ([^,]+)/.exec(message)?.[1] ?? code;
  const where = path === undefined ? syscall : `${syscall} ${path}`;
  return { message: `the system refuses ${where}: ${why} (${code})`, suggestions };
}

function isTemporary(path: string): boolean {
  const within = relative(tmpdir(), path);
  return !within.startsWith('..') && !isAbsolute(within);
}
