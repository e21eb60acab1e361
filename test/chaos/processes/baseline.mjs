// The obvious design: the server counts deliveries, and its own advisory says that an event is dead.
//   node baseline.mjs <urls> <module of the handler>
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [urls, handlerFile] = process.argv.slice(2);
const { default: handle } = await import(handlerFile);
const concurrency = 20;
const nakDelayMs = 100;
const consumeOptions = { max_messages: concurrency, expires: 5000, idle_heartbeat: 1000 };

const nc = await connect({
  servers: urls.split(','),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  waitOnFirstConnect: true,
  pingInterval: 10_000,
});
const js = jetstream(nc);

async function work(stream, consumer, process) {
  for (;;) {
    try {
      const messages = await (await js.consumers.get(stream, consumer)).consume(consumeOptions);
      const running = new Set();
      for await (const message of messages) {
        const one = process(message).then(() => running.delete(one));
        running.add(one);
        if (running.size >= concurrency) await Promise.race(running);
      }
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 250);
      });
    }
  }
}

const runHandler = (consumer) => async (message) => {
  const id = message.headers?.get('Nats-Msg-Id');
  const { headers, data: raw } = message;
  const all = Object.fromEntries(headers.keys().map((name) => [name, headers.values(name)]));
  const event = { data: message.json(), raw, headers: all, id, seq: message.seq };
  const attempt = message.info.deliveryCount;
  const idempotencyKey = `${consumer}/events/${message.seq}`;
  try {
    await handle(event, { consumer, stage: 'main', attempt, cycle: 0, idempotencyKey });
    message.ack();
  } catch {
    message.nak(nakDelayMs);
  }
};

async function route(message) {
  try {
    const { consumer, stream_seq: seq } = message.json();
    await js.publish(`events-dlq.${consumer}.${seq}`, JSON.stringify({ consumer, seq }), {
      msgID: `${consumer}/${seq}`,
    });
    message.ack();
  } catch {
    message.nak(nakDelayMs);
  }
}

process.on('SIGTERM', () => process.exit(0));
process.stdout.write('pipeline runs\n');
await Promise.all([
  work('events', 'billing', runHandler('billing')),
  work('events', 'audit', runHandler('audit')),
  work('events-advisories', 'router', route),
]);
