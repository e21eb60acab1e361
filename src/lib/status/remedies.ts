import { suggestCommand, suggestOther, type Suggestion } from '../suggestion.js';
import type { ConsumerLook } from './look.js';

/** Where it can be seen why something has no leader. */
export const clusterReport = suggestOther('nats', ['server', 'report', 'jetstream'], {
  note: 'as a user of the system account',
});

/** Lets a paused consumer deliver again: `pipeline resume` does it for what has a handler. */
export function resume({
  name,
  consumer,
  stream,
  role,
}: Pick<ConsumerLook, 'name' | 'consumer' | 'stream' | 'role'>): Suggestion {
  return role === 'events' || role === 'retry'
    ? suggestCommand('pipeline resume', { args: [name] })
    : suggestOther('nats', ['consumer', 'resume', stream, consumer]);
}
