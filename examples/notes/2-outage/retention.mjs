// How many of five messages a stream holds, by its retention.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

/** Without a consumer, and after one has acknowledged three. */
export async function keeps(nc, retention, limits) {
  const [stream, subject] = [`KEEPS_${retention}`, `keeps.${retention}`];
  const [jsm, js] = [await jetstreamManager(nc), jetstream(nc)];
  const held = async () => (await jsm.streams.info(stream)).state.messages;
  const publishFive = async () => {
    for (let i = 1; i <= 5; i++) await js.publish(subject, String(i));
  };
  await jsm.streams.add({ name: stream, subjects: [subject], ...limits, retention });
  await publishFive();
  const without = await held();

  await jsm.streams.purge(stream);
  await jsm.consumers.add(stream, { durable_name: 'one', ack_policy: 'explicit' });
  await publishFive();
  const one = await js.consumers.get(stream, 'one');
  const messages = await one.fetch({ max_messages: Math.min(3, await held()) });
  for await (const message of messages) await message.ackAck();
  return [without, await held()];
}

/** What that should be, for a limit of so many messages. */
export function expectedOf(retention, max) {
  const stored = Math.min(5, max);
  if (retention === 'limits') return [stored, stored];
  return [retention === 'interest' ? 0 : stored, Math.max(0, stored - 3)];
}
