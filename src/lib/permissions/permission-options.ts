import { refuseNoText } from '../domain/given.js';
import type { Checks } from '../domain/options.js';

/** Whom the permissions are for. */
export interface PermissionOptions {
  /** Default: the name of the role. */
  readonly user?: string;
  /** Default: `_INBOX_<user>`. */
  readonly inboxPrefix?: string;
  /** Default: `$JS.API`. */
  readonly apiPrefix?: string;
}

export const permissionChecks = {
  user: refuseNoText,
  inboxPrefix: refuseNoText,
  apiPrefix: refuseNoText,
} as const satisfies Checks<PermissionOptions>;
