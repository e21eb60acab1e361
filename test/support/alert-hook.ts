import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Alert } from '../../src/lib/domain/alert.js';

export interface HookRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What it answered. */
  readonly status: number;
}

export interface AlertHook {
  readonly url: string;
  readonly requests: readonly HookRequest[];
  /** The alerts of the requests that were taken. */
  taken(): Alert[];
}

/** A webhook that answers with what `statusOf` says of the n-th request, from 0. */
export async function alertHook(
  statusOf: (n: number) => number | Promise<number> = () => 204,
): Promise<AlertHook> {
  const requests: HookRequest[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      void Promise.resolve(statusOf(count++)).then((status) => {
        requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), status });
        response.writeHead(status).end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/T0KEN`,
    requests,
    taken: () =>
      requests
        .filter(({ status }) => status < 300)
        .map(({ body }) => (JSON.parse(body) as { data: Alert }).data),
  };
}
