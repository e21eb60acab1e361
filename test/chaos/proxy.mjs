import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy in front of one server whose connections can be harmed. */
export async function startProxy(targetPort) {
  const pairs = new Set();
  const state = { delayMs: 0 };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, upstream, swallowed: false };
    pairs.add(pair);
    forward(client, upstream, pair, state);
    forward(upstream, client, pair, state);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => destroy(pair));
      socket.on('close', () => {
        // A black hole doesn't tell the other side.
        if (!pair.swallowed) destroy(pair);
        pairs.delete(pair);
      });
    }
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `nats://127.0.0.1:${server.address().port}`,
    /** Every byte is late by this much, in both directions. */
    delay(ms) {
      state.delayMs = ms;
    },
    /** Both sides of every connection get a reset; a black hole passes none on. */
    reset() {
      for (const { client, upstream, swallowed } of pairs) {
        if (swallowed) continue;
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      }
    },
    /** The clients see an end of what the server sends, and can still send. */
    halfClose() {
      for (const { client, upstream, swallowed } of pairs) {
        if (swallowed) continue;
        upstream.pause();
        client.end();
      }
    },
    /** The connections of now carry nothing any more, and nobody is told. */
    blackHole() {
      for (const pair of pairs) pair.swallowed = true;
    },
    close() {
      for (const pair of pairs) destroy(pair);
      server.close();
    },
  };
}

/** Passes the bytes on in their order, each as late as the proxy is when it arrives. */
function forward(from, to, pair, state) {
  let last = Promise.resolve();
  from.on('data', (chunk) => {
    const dueAt = performance.now() + state.delayMs;
    last = last.then(async () => {
      const leftMs = dueAt - performance.now();
      if (leftMs > 1) await sleep(leftMs);
      if (!pair.swallowed && !to.destroyed && to.writable) to.write(chunk);
    });
  });
  from.on('end', () => {
    void last.then(() => {
      if (!pair.swallowed) to.end();
    });
  });
}

function destroy({ client, upstream }) {
  client.destroy();
  upstream.destroy();
}
