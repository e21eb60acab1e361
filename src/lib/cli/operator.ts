import { hostname, userInfo } from 'node:os';

/** Who runs this command, as `user@host`: what the journal keeps of those who change something. */
export function currentOperator(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry, as in some containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
