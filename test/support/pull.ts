import { jetstream, type JsMsg } from '@nats-io/jetstream';
import type { Link } from '../../src/lib/nats/link.js';

/** Pulls up to `count` messages of a durable consumer and returns them unacked; fewer when there are no more. */
export async function pullMessages(
  link: Link,
  stream: string,
  consumer: string,
  count: number,
): Promise<JsMsg[]> {
  const durable = await jetstream(link.nc).consumers.get(stream, consumer);
  const out: JsMsg[] = [];
  for await (const message of await durable.fetch({ max_messages: count, expires: 1000 })) {
    out.push(message);
    if (out.length === count) break;
  }
  return out;
}

/** Pulls `count` messages and acks them, confirmed by the server. */
export async function pullAndAck(link: Link, stream: string, consumer: string, count: number): Promise<void> {
  for (const message of await pullMessages(link, stream, consumer, count)) await message.ackAck();
}
