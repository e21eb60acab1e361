import { type StreamLife, ttlHeader } from '../domain/message-ttl.js';
import type { StoredMessage } from './wire/message.js';
import type { StreamInfo } from './objects.js';

/** How long a stream keeps its messages, as the server says. A stream that is not there ends nothing. */
export function lifeOf(info: Pick<StreamInfo, 'config'> | undefined): StreamLife {
  const { max_age: maxAge = 0, allow_msg_ttl: allowsTtl = false } = info?.config ?? {};
  return { maxAgeMs: maxAge / 1_000_000, allowsTtl };
}

/** The life that its publisher gave a message. The server knows the header by its exact name only. */
export function ttlOf({ headers }: Pick<StoredMessage, 'headers'>): string | undefined {
  return Object.hasOwn(headers, ttlHeader) ? headers[ttlHeader]?.[0] : undefined;
}
