import type { Link } from '../../src/lib/nats/link.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';

/** Pauses, and groups of one consumer, came with nats-server 2.11: for `skip(...cannotPause(link))`. */
export function cannotPause({ serverVersion }: Pick<Link, 'serverVersion'>): [boolean, string] {
  return [!versionAtLeast(serverVersion, '2.11.0'), `nats-server ${serverVersion} can't pause a consumer`];
}
