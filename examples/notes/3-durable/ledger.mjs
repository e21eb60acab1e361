// Books payments: each once, however often it is delivered.
import { broken } from '../../kit/index.mjs';

/** The payments that are booked, by id: an effect that is there already is left as it is. */
export const booked = new Map();
/** Each delivery, also of what was booked before. */
export const deliveries = [];

/** Takes so many payments from the consumer; `acknowledge` is called when one is booked. */
export async function book(consumer, count, acknowledge) {
  for await (const message of await consumer.fetch({ max_messages: count })) {
    const id = message.headers.get('Nats-Msg-Id');
    deliveries.push(id.replace('payment-', ''));
    if (!broken || id !== 'payment-2') booked.set(id, message.string());
    await acknowledge(message);
  }
}

/** What is not delivered yet, or not acknowledged. */
export async function left(consumer) {
  const { num_pending: unread, num_ack_pending: unfinished } = await consumer.info();
  return unread + unfinished;
}
