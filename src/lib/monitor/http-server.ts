import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, OperationError } from '../errors.js';
import { type Answer, text } from './answers.js';
import { type ListenAddress, urlOf } from './listen-address.js';

/** Answers a path; undefined: there is nothing at that path. */
export type Answering = (path: string, verbose: boolean) => Promise<Answer | undefined>;

/** A server that answers GET and HEAD, and listens at one address. */
export interface HttpServer {
  /** `http://127.0.0.1:9464`, with the port that it has. */
  readonly url: string;
  close(): Promise<void>;
}

/** Begins to listen. @throws OperationError `CANNOT_LISTEN` */
export async function listen(address: ListenAddress, answer: Answering): Promise<HttpServer> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => void respond(request, response, answer));
  await begin(server, address);
  const { port } = server.address() as AddressInfo;
  return {
    url: urlOf({ ...address, port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function begin(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(address, error)));
    server.listen({ ...address, exclusive: true }, () => {
      // From now on it can only be a connection that fails.
      server.on('error', () => {});
      resolve();
    });
  });
}

async function respond(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  answering: Answering,
): Promise<void> {
  const { status, type, body } = await answerTo(method, url, answering);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

async function answerTo(method: string | undefined, url: string, answering: Answering): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET is answered here');
  const [path = '/', query = ''] = url.split('?', 2);
  try {
    const found = await answering(path, new URLSearchParams(query).has('verbose'));
    return found ?? text(404, 'here are /livez, /readyz, /startupz (each with ?verbose) and /metrics');
  } catch (error) {
    return text(500, messageOf(error));
  }
}

function cannotListen(address: ListenAddress, error: NodeJS.ErrnoException): OperationError {
  const { host, port } = address;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: `this user may not listen at port ${port}`,
    EADDRNOTAVAIL: `${host} is no address of this machine`,
    ENOTFOUND: `there is no machine of the name ${host}`,
  };
  const reason = reasons[error.code ?? ''] ?? messageOf(error);
  return new OperationError(`can't listen at ${urlOf(address)}: ${reason}`, {
    code: 'CANNOT_LISTEN',
    cause: error,
    suggestions: [
      ...(error.code === 'EADDRINUSE' ? [`see which one with: ss -ltnp 'sport = :${port}'`] : []),
      'name another address with --http, or a free port with --http 0',
    ],
  });
}
