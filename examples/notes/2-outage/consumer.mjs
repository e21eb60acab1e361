// One program that listens both ways: a plain subscription, and a durable consumer of the stream.
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { broken, natsOptions } from '../../kit/index.mjs';

/** The orders that it got. */
export const byCore = [];
export const byJetStream = [];

/** Starts it; `drain` of what is returned ends it. */
export async function startConsumer() {
  const nc = await connect(natsOptions);
  nc.subscribe('orders.*', { callback: (_error, message) => byCore.push(Number(message.string())) });
  const billing = await jetstream(nc).consumers.get('ORDERS', 'billing');
  await billing.consume({ callback: handle });
  await nc.flush();
  return nc;
}

function handle(message) {
  const order = Number(message.string());
  if (!broken || order !== 7) byJetStream.push(order);
  message.ack();
}
