import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../../errors.js';
import { UnreachableError } from '../../nats/errors.js';
import type { Link } from '../../nats/link.js';

/** A durable that is not there now and after this is gone for good. */
const goneAfterMs = 1000;

/** Is the consumer gone? A leader that moves says the same for a moment; a server that is away says nothing. */
export async function isGone(link: Link, stream: string, consumer: string): Promise<boolean> {
  try {
    if (await link.consumerInfo(stream, consumer)) return false;
    await sleep(goneAfterMs);
    return (await link.consumerInfo(stream, consumer)) === undefined;
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    throw error;
  }
}

export function groupGone(group: string): OperationError {
  return new OperationError(`group ${group}: its durable consumer was deleted, and its position with it`, {
    code: 'GROUP_GONE',
    suggestions: ['run it again: that makes a new one, with the start that is given then'],
  });
}
