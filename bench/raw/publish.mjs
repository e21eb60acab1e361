import { rawConnect } from './socket.mjs';

const windowSize = 2000;

/**
 * The ceiling of publishing: `count` messages with acks to one reply inbox, a window of them on their way.
 * Gives messages per second.
 */
export async function rawPublish({ port, subject, count, size = 256, window = windowSize, subjectOf }) {
  let acked = 0;
  let sent = 0;
  let wrong = 0;
  let done;
  const finished = new Promise((resolve) => {
    done = resolve;
  });
  const raw = await rawConnect(port, (buffer, start, lineEnd, bodyStart) => {
    // {"stream":… is an ack, {"error":… is none.
    if (buffer[bodyStart + 2] !== 0x73) wrong++;
    acked++;
    if (acked === count) done();
    else if (sent < count && sent - acked <= window / 2) send();
  });
  raw.write('SUB _INBOX.raw 1\r\n');
  const payload = 'x'.repeat(size);
  const one = Buffer.from(`PUB ${subject} _INBOX.raw ${size}\r\n${payload}\r\n`);
  const batch = subjectOf ? undefined : Buffer.concat(Array.from({ length: window / 2 }, () => one));

  function send() {
    const n = Math.min(window - (sent - acked), count - sent);
    if (batch && n * one.length <= batch.length) raw.write(batch.subarray(0, n * one.length));
    else if (batch) {
      for (let left = n; left > 0; left -= window / 2) {
        raw.write(batch.subarray(0, Math.min(left, window / 2) * one.length));
      }
    } else {
      const parts = Array.from(
        { length: n },
        (_, i) => `PUB ${subjectOf(sent + i)} _INBOX.raw ${size}\r\n${payload}\r\n`,
      );
      raw.write(parts.join(''));
    }
    sent += n;
  }

  const startedMs = performance.now();
  send();
  await finished;
  const seconds = (performance.now() - startedMs) / 1000;
  raw.close();
  if (wrong > 0) throw new Error(`${wrong} of ${count} publishes were refused`);
  return count / seconds;
}
