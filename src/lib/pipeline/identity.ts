import { type Checks } from '../domain/options.js';
import { refuseNoText } from '../domain/given.js';
import { hostname, userInfo } from 'node:os';
import type { Clock } from '../flow/clock.js';

/** Who writes: kept in the journal. */
export interface Identity {
  /** The process, `<host>:<pid>:<random>`: no two are alike. */
  readonly worker: string;
  /** The person, `<user>@<host>`. */
  readonly operator: string;
}

export const identityChecks = {
  worker: refuseNoText,
  operator: refuseNoText,
} as const satisfies Checks<Identity>;

/** This process, and the user that it runs as, but for what is given. */
export function identityFrom(given: Partial<Identity>, clock: Clock): Identity {
  let operator = given.operator;
  return {
    worker: given.worker ?? `${hostname()}:${process.pid}:${token(clock)}`,
    // Asking the system who this user is can take a while: most that is done needs no operator.
    get operator() {
      operator ??= `${userName()}@${hostname()}`;
      return operator;
    },
  };
}

function token(clock: Clock): string {
  return Math.floor(clock.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry, as in some containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
