import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createServer as createTls } from 'node:tls';
import { onTestFinished } from 'vitest';

/** What a nats-server says first. */
export const helloText = `INFO ${JSON.stringify({
  server_id: 'x',
  version: '2.15.1',
  proto: 1,
  headers: true,
  max_payload: 1_048_576,
  jetstream: true,
})}\r\n`;

const pem = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`tls/${name}.pem`, import.meta.url)), 'utf8');

/** Listens until the test ends; returns the port. */
export async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    open.add(socket.on('close', () => open.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

/** Ports at which no nats-server answers in time, by what they do instead. `answersAfterMs` is for the late one. */
export const deadPorts: Readonly<Record<string, (answersAfterMs: number) => Promise<number>>> = {
  'accepts and stays silent': () => listen(createServer()),
  'closes its half': () => listen(createServer({ allowHalfOpen: true }, (socket) => socket.end())),
  'says half of its hello': () => listen(createServer((socket) => socket.write(helloText.slice(0, 20)))),
  'says hello and nothing more': () => listen(createServer((socket) => socket.write(helloText))),
  'resets the connection': () => listen(createServer((socket) => socket.resetAndDestroy())),
  'speaks TLS': async () => {
    const [key, cert] = [await pem('server.key'), await pem('server.cert')];
    return listen(createTls({ key, cert }, (socket) => socket.on('error', () => {})));
  },
  'speaks HTTP': () => listen(createHttp((_, response) => response.end('hello'))),
  'speaks first, and something else': () =>
    listen(createServer((socket) => socket.write('220 mail ESMTP\r\n'))),
  'answers after the deadline': (answersAfterMs) =>
    listen(
      createServer(
        (socket) => void delay(answersAfterMs, undefined, { ref: false }).then(() => socket.write(helloText)),
      ),
    ),
};
