import type { Link } from '../nats/link.js';
import type { Circumstances, Consequence } from './consequence.js';
import { consumerConsequences } from './consequences-of-consumer.js';
import { streamConsequences } from './consequences-of-stream.js';
import { type Change, isPending, pathOf } from './diff.js';

/** Reads from the server what a change means for what is stored and on its way. */
export async function readConsequences(
  link: Link,
  change: Change,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  if (!isPending(change)) return [];
  if (change.kind === 'stream') {
    const desired = given.desired.streams.find(({ name }) => name === change.name);
    return desired ? streamConsequences(link, change, desired, given) : [];
  }
  const desired = given.desired.consumers.find((one) => pathOf(one) === pathOf(change));
  return desired ? consumerConsequences(link, change, desired, given) : [];
}
