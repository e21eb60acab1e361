// A worker that knows nothing of this project: plain @nats-io/jetstream, in a process of its own. Each event says
// what it does: {"do": "ack" | "nak" | "term" | "hang", "reason"?}.
//   node external-worker.mjs <urls> <stream> <consumer>
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [urls, stream, consumer] = process.argv.slice(2);
const nc = await connect({
  servers: urls.split(','),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
  waitOnFirstConnect: true,
});
const js = jetstream(nc);

const answers = {
  ack: (message) => message.ack(),
  nak: (message) => message.nak(50),
  term: (message, reason) => message.term(reason),
  hang: () => {},
};

process.stdout.write('works\n');
for (;;) {
  try {
    const messages = await (await js.consumers.get(stream, consumer)).consume({
      max_messages: 50,
      expires: 2000,
      idle_heartbeat: 500,
    });
    for await (const message of messages) {
      const { do: what = 'ack', reason } = message.json();
      answers[what](message, reason);
    }
  } catch {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}
