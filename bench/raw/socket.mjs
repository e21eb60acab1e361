// A NATS connection with nothing between the benchmark and the socket: what the server and Node's sockets can do
// at most. For the benchmark only: it trusts the server and handles no failure.
import { createConnection } from 'node:net';

const crlf = Buffer.from('\r\n');

/**
 * Connects, and calls `onMessage(subjectStart, replyStart, argsEnd, bodyStart, bodyEnd, buffer)` for each message:
 * offsets only, so that a reader which needs nothing of it pays for nothing.
 */
export async function rawConnect(port, onMessage) {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.setNoDelay(true);
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const pongs = [];
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const read = parse(buffer, onMessage, pongs, socket);
    rest = read === buffer.length ? Buffer.alloc(0) : buffer.subarray(read);
  });
  const raw = {
    socket,
    write: (data) => socket.write(data),
    ping: () =>
      new Promise((resolve) => {
        pongs.push(resolve);
        socket.write('PING\r\n');
      }),
    close: () => socket.destroy(),
  };
  socket.write(
    'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"raw","version":"0"}\r\n',
  );
  await raw.ping();
  return raw;
}

/** Reads whole protocol lines and messages; returns how many bytes were used. */
function parse(buffer, onMessage, pongs, socket) {
  let at = 0;
  for (;;) {
    const lineEnd = buffer.indexOf(crlf, at);
    if (lineEnd < 0) return at;
    const kind = buffer[at];
    // MSG and HMSG
    if (kind === 0x4d || kind === 0x48) {
      const sizeStart = buffer.lastIndexOf(0x20, lineEnd) + 1;
      let size = 0;
      for (let i = sizeStart; i < lineEnd; i++) size = size * 10 + buffer[i] - 0x30;
      const bodyStart = lineEnd + 2;
      const end = bodyStart + size + 2;
      if (end > buffer.length) return at;
      onMessage(buffer, at, lineEnd, bodyStart, bodyStart + size);
      at = end;
      continue;
    }
    const word = buffer.toString('latin1', at, lineEnd);
    if (word === 'PING') socket.write('PONG\r\n');
    else if (word === 'PONG') pongs.shift()?.();
    else if (word.startsWith('-ERR')) throw new Error(word);
    at = lineEnd + 2;
  }
}
