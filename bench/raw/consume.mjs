import { rawConnect } from './socket.mjs';

const batch = 4000;
const space = 0x20;
const ackBody = Buffer.from(' 4\r\n+ACK\r\n');
const pub = Buffer.from('PUB ');

/**
 * The ceiling of consuming: pulls `count` messages of a durable consumer and acknowledges each, in one write for
 * all that one read of the socket brought. Gives when the first one came, in ms since 1970.
 */
export async function rawConsume({ port, stream, consumer, count }) {
  let received = 0;
  let asked = 0;
  let firstAt = 0;
  let out = Buffer.allocUnsafe(1 << 20);
  let outSize = 0;
  let done;
  const finished = new Promise((resolve) => {
    done = resolve;
  });
  const raw = await rawConnect(port, (buffer, start, lineEnd) => {
    if (firstAt === 0) firstAt = performance.timeOrigin + performance.now();
    acknowledge(buffer, replyOf(buffer, start, lineEnd));
  });
  // After all messages of one read.
  raw.socket.on('data', () => {
    if (outSize === 0) return;
    raw.write(out.subarray(0, outSize));
    out = Buffer.allocUnsafe(1 << 20);
    outSize = 0;
    if (received === count) done();
    else ask();
  });

  /** `MSG <subject> <sid> <reply> <size>`, `HMSG` with one number more: the reply is the third word after it. */
  function replyOf(buffer, start, lineEnd) {
    const subjectAt = buffer.indexOf(space, start) + 1;
    const sidAt = buffer.indexOf(space, subjectAt) + 1;
    const replyAt = buffer.indexOf(space, sidAt) + 1;
    const replyEnd = buffer.indexOf(space, replyAt);
    // A status has no reply: fewer words.
    return replyEnd < 0 || replyEnd > lineEnd || buffer[replyAt] !== 0x24 ? undefined : [replyAt, replyEnd];
  }

  function acknowledge(buffer, reply) {
    if (!reply) return;
    received++;
    asked--;
    outSize += pub.copy(out, outSize);
    outSize += buffer.copy(out, outSize, reply[0], reply[1]);
    outSize += ackBody.copy(out, outSize);
  }

  function ask() {
    if (asked > batch / 2 || received + asked >= count) return;
    const wanted = Math.min(batch, count - received - asked);
    asked += wanted;
    const request = JSON.stringify({ batch: wanted, expires: 30_000_000_000 });
    raw.write(
      `PUB $JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer} _INBOX.raw ${request.length}\r\n${request}\r\n`,
    );
  }

  raw.write('SUB _INBOX.raw 1\r\n');
  ask();
  await finished;
  await raw.ping();
  raw.close();
  return { firstAt, received };
}
