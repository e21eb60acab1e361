import { rawConnect } from './socket.mjs';

/**
 * The ceiling of publishing: `count` messages with acks to one reply inbox, a window of them on their way.
 * Gives messages per second.
 */
export async function rawPublish({ port, subject, count, size = 256 }) {
  const payload = 'x'.repeat(size);
  const one = Buffer.from(`PUB ${subject} _INBOX.raw ${size}\r\n${payload}\r\n`);
  const many = Buffer.concat(Array.from({ length: windowSize }, () => one));
  return publishWindowed(port, count, (_, n) => many.subarray(0, n * one.length));
}

/**
 * Fills a stream: `messageOf(i)` gives `{subject, headers?, payload}` for i = 0 … count - 1, headers as lines of
 * `Name: value`. Not measured against anything, since it makes each message anew.
 */
export async function fill(port, count, messageOf) {
  const protocolOf = (i) => {
    const { subject, headers, payload } = messageOf(i);
    const size = Buffer.byteLength(payload);
    if (!headers) return `PUB ${subject} _INBOX.raw ${size}\r\n${payload}\r\n`;
    const head = `NATS/1.0\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
    const headSize = Buffer.byteLength(head);
    return `HPUB ${subject} _INBOX.raw ${headSize} ${headSize + size}\r\n${head}${payload}\r\n`;
  };
  return publishWindowed(port, count, (from, n) =>
    Array.from({ length: n }, (_, i) => protocolOf(from + i)).join(''),
  );
}

const windowSize = 2000;

async function publishWindowed(port, count, protocolOf) {
  if (count < 1) throw new RangeError(`expected 1 message or more, found ${count}`);
  let acked = 0;
  let sent = 0;
  let refusal;
  let done;
  const finished = new Promise((resolve) => {
    done = resolve;
  });
  const raw = await rawConnect(port, (buffer, start, lineEnd, bodyStart, bodyEnd) => {
    // {"stream":… is an ack, {"error":… is none.
    if (buffer[bodyStart + 2] !== 0x73) refusal ??= buffer.toString('utf8', bodyStart, bodyEnd);
    acked++;
    if (acked === count) done();
    else if (sent < count && sent - acked <= windowSize / 2) send();
  });
  raw.write('SUB _INBOX.raw 1\r\n');

  function send() {
    const n = Math.min(windowSize - (sent - acked), count - sent);
    raw.write(protocolOf(sent, n));
    sent += n;
  }

  const startedMs = performance.now();
  send();
  await finished;
  const seconds = (performance.now() - startedMs) / 1000;
  raw.close();
  if (refusal !== undefined) throw new Error(`a publish was refused: ${String(refusal)}`);
  return count / seconds;
}
