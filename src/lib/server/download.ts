import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { messageOf, OperationError } from '../errors.js';
import { type ProxySettings, proxyFor } from './proxy.js';

const REDIRECT_LIMIT = 5;
const IDLE_TIMEOUT_MS = 15_000;
const SIZE_LIMIT_BYTES = 256 * 1024 * 1024;

/** The code of the error when a URL could not be had, as opposed to: was had and is wrong. */
export const DOWNLOAD_FAILED = 'DOWNLOAD_FAILED';

/**
 * The body of this http or https URL, redirects followed, through the proxy that the settings name.
 *
 * @throws OperationError `DOWNLOAD_FAILED` for any answer but 200, a redirect from https to http, more than
 *   256 MB, or 15 s without a byte.
 */
export async function download(url: string, settings: ProxySettings): Promise<Buffer> {
  let target = url;
  for (let redirects = 0; redirects <= REDIRECT_LIMIT; redirects++) {
    const answer = await get(target, settings);
    const location = redirectOf(answer, target);
    if (location === undefined) return await readBody(answer, target);
    answer.socket.destroy();
    target = location;
  }
  throw failed(url, `more than ${REDIRECT_LIMIT} redirects`);
}

/** Where this URL redirects to. Throws as `download` does, also when it redirects nowhere. */
export async function readRedirect(url: string, settings: ProxySettings): Promise<string> {
  const answer = await get(url, settings);
  answer.socket.destroy();
  const location = redirectOf(answer, url);
  if (location === undefined) throw failed(url, `expected a redirect, got ${answer.statusCode}`);
  return location;
}

async function get(url: string, settings: ProxySettings): Promise<http.IncomingMessage> {
  try {
    const target = new URL(url);
    const proxy = proxyFor(target, settings);
    const request = proxy === undefined ? direct(target) : await viaProxy(target, proxy);
    return await answerOf(request, 'response').then(([answer]) => answer);
  } catch (error) {
    throw failed(url, messageOf(error), error);
  }
}

function direct(target: URL): http.ClientRequest {
  if (target.protocol === 'https:') return https.request(target, { agent: false });
  if (target.protocol === 'http:') return http.request(target, { agent: false });
  throw new TypeError(`expected an http or https URL, got ${target.protocol}`);
}

async function viaProxy(target: URL, proxy: URL): Promise<http.ClientRequest> {
  if (target.protocol !== 'https:') {
    return proxyRequest(proxy, {
      path: target.href,
      headers: { host: target.host, ...authorization(proxy) },
    });
  }
  const socket = await tunnel(target, proxy);
  const createConnection = (): tls.TLSSocket => tls.connect({ socket, servername: target.hostname });
  return https.request(target, { createConnection });
}

async function tunnel(target: URL, proxy: URL): Promise<Duplex> {
  const address = `${target.hostname}:${target.port === '' ? 443 : target.port}`;
  const request = proxyRequest(proxy, {
    method: 'CONNECT',
    path: address,
    headers: { host: address, ...authorization(proxy) },
  });
  const [answer, socket] = await answerOf(request, 'connect');
  if (answer.statusCode === 200 && socket !== undefined) return socket;
  socket?.destroy();
  throw new Error(`the proxy ${proxy.host} answers ${answer.statusCode} to CONNECT ${address}`);
}

function proxyRequest(proxy: URL, options: http.RequestOptions): http.ClientRequest {
  const client = proxy.protocol === 'https:' ? https : http;
  return client.request({
    hostname: proxy.hostname,
    port: proxy.port || undefined,
    agent: false,
    ...options,
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

async function answerOf(
  request: http.ClientRequest,
  event: 'response' | 'connect',
): Promise<[http.IncomingMessage, Duplex | undefined]> {
  return await new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on(event, (answer: http.IncomingMessage, socket?: Duplex) => resolve([answer, socket]));
    request.setTimeout(IDLE_TIMEOUT_MS, () =>
      request.destroy(new Error(`no byte within ${IDLE_TIMEOUT_MS} ms`)),
    );
    request.end();
  });
}

function redirectOf(answer: http.IncomingMessage, url: string): string | undefined {
  const { location } = answer.headers;
  const status = answer.statusCode ?? 0;
  if (location === undefined || status < 300 || status > 399) return undefined;
  const next = new URL(location, url);
  if (url.startsWith('https:') && next.protocol !== 'https:') {
    throw failed(url, `it redirects to ${next.protocol}//${next.host}, which is not encrypted`);
  }
  return next.href;
}

async function readBody(answer: http.IncomingMessage, url: string): Promise<Buffer> {
  if (answer.statusCode !== 200) {
    answer.socket.destroy();
    throw failed(url, `the answer is ${answer.statusCode} ${answer.statusMessage ?? ''}`.trim());
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > SIZE_LIMIT_BYTES) throw new Error(`it is larger than ${SIZE_LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw failed(url, messageOf(error), error);
  } finally {
    answer.socket.destroy();
  }
  return Buffer.concat(chunks);
}

function failed(url: string, found: string, cause?: unknown): OperationError {
  const { origin, pathname } = URL.canParse(url) ? new URL(url) : { origin: '', pathname: url };
  return new OperationError(`cannot download ${origin}${pathname}: ${found}`, {
    code: DOWNLOAD_FAILED,
    cause,
  });
}
