import { rawConnect } from './socket.mjs';

const batch = 4000;

/**
 * The ceiling of moving messages from one stream to another: each is published as it is, and acknowledged (and so
 * removed from a workqueue) when its publish is. Nothing is looked at. Gives messages a second.
 */
export async function rawMove({ port, from, consumer, to, count }) {
  let asked = 0;
  let received = 0;
  let moved = 0;
  let refusal = '';
  /** Replies of what is published; its acks come in the same order. */
  const waiting = [];
  let head = 0;
  let out = [];
  let done;
  const finished = new Promise((resolve) => {
    done = resolve;
  });
  const raw = await rawConnect(port, (buffer, start, lineEnd, bodyStart, bodyEnd) => {
    const words = buffer.latin1Slice(start, lineEnd).split(' ');
    if (words[1] === '_INBOX.acks') {
      if (buffer[bodyStart + 2] !== 0x73) refusal ||= buffer.toString('utf8', bodyStart, bodyEnd);
      out.push(`PUB ${waiting[head++]} 4\r\n+ACK\r\n`);
      moved++;
      return;
    }
    // A status has no reply of its own.
    if (words.length < 5 || !words[3].startsWith('$JS.ACK.')) return;
    received++;
    asked--;
    waiting.push(words[3]);
    const sizes = words.slice(4).join(' ');
    const verb = words[0] === 'HMSG' ? 'HPUB' : 'PUB';
    out.push(
      `${verb} ${to}.${received} _INBOX.acks ${sizes}\r\n`,
      buffer.latin1Slice(bodyStart, bodyEnd),
      '\r\n',
    );
  });
  // After all messages of one read.
  raw.socket.on('data', () => {
    if (out.length > 0) raw.write(Buffer.from(out.join(''), 'latin1'));
    out = [];
    if (moved === count) done();
    else ask();
  });

  function ask() {
    if (asked > batch / 2 || received + asked >= count) return;
    const wanted = Math.min(batch, count - received - asked);
    asked += wanted;
    const request = JSON.stringify({ batch: wanted, expires: 30_000_000_000 });
    raw.write(
      `PUB $JS.API.CONSUMER.MSG.NEXT.${from}.${consumer} _INBOX.pull ${request.length}\r\n${request}\r\n`,
    );
  }

  raw.write('SUB _INBOX.acks 1\r\nSUB _INBOX.pull 2\r\n');
  const startedMs = performance.now();
  ask();
  await finished;
  await raw.ping();
  const seconds = (performance.now() - startedMs) / 1000;
  raw.close();
  if (refusal !== '') throw new Error(`a publish was refused: ${refusal}`);
  return count / seconds;
}
