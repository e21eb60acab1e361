import type { Subscription } from '@nats-io/transport-node';
import { within } from '../../flow/within.js';
import type { Link } from '../link.js';

/**
 * Ends a subscription after what is on the way has arrived. A server that says nothing is not waited for longer than for
 * any other answer.
 */
export async function leave(sub: Subscription, link: Link): Promise<void> {
  if (sub.isClosed()) return;
  if (link.connected) await within(link.target.timeoutMs, sub.drain());
  if (!sub.isClosed()) sub.unsubscribe();
}
