import type { Dispatcher } from 'undici';
import { connectionReason } from '../domain/connection-reason.js';
import { noProxyOf, type ProxySettings, proxyOf } from './proxy.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Most time without a byte, ms. */
  readonly idleMs: number;
  /** Most time until the answer is there, ms. Default: no limit of its own. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Where a redirect leads to, as the server wrote it: it may hold secrets. */
  readonly location: string | undefined;
  readonly body: AsyncIterable<Buffer>;
  /** Leaves the rest of the body unread. */
  discard(): void;
}

/**
 * HTTP through the proxies of the settings. Redirects are answers like any other. User and password of a URL go into
 * the Authorization header. Loads its HTTP client with the first request.
 */
export class HttpClient {
  private readonly dispatchers = new Map<string, Dispatcher>();

  constructor(private readonly proxies: ProxySettings) {}

  /** Throws what kept it from an answer. Its text has the host of the proxy, and nothing of the URL but its origin. */
  async request(url: URL, { method, headers, body, idleMs, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
    const authorization = authorizationOf(url);
    const { request } = await import('undici');
    const proxy = proxyOf(url.protocol, this.proxies);
    try {
      const answer = await request(`${url.origin}${url.pathname}${url.search}`, {
        method,
        dispatcher: await this.dispatcherFor(url.protocol, proxy),
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        headersTimeout: idleMs,
        bodyTimeout: idleMs,
        ...(body === undefined ? {} : { body }),
        ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
      });
      const { location } = answer.headers;
      return {
        status: answer.statusCode,
        location: Array.isArray(location) ? location[0] : location,
        body: answer.body,
        discard: () => void answer.body.on('error', () => {}).destroy(),
      };
    } catch (error) {
      throw inWords(error, url, proxy, timeoutMs);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.dispatchers.values()].map((one) => one.destroy()));
    this.dispatchers.clear();
  }

  private async dispatcherFor(protocol: string, proxy: URL | undefined): Promise<Dispatcher> {
    let dispatcher = this.dispatchers.get(protocol);
    if (!dispatcher) {
      const { EnvHttpProxyAgent } = await import('undici');
      // Each is given, also an empty one: what is left out is read from the environment.
      const uri = proxy?.href ?? '';
      dispatcher = new EnvHttpProxyAgent({
        httpProxy: uri,
        httpsProxy: uri,
        noProxy: noProxyOf(this.proxies),
        // A plain request is handed to the proxy, as every proxy takes it; a tunnel is for https.
        proxyTunnel: false,
      });
      this.dispatchers.set(protocol, dispatcher);
    }
    return dispatcher;
  }
}

function inWords(error: unknown, url: URL, proxy: URL | undefined, timeoutMs: number | undefined): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'TimeoutError') return new Error(`no answer within ${timeoutMs} ms`);
  const status = /Proxy response \((\d+)\)|Proxy Authentication Required \((\d+)\)/.exec(error.message);
  if (!status || !proxy) return plain(error);
  const asked = url.protocol === 'https:' ? `CONNECT ${url.hostname}:${url.port || 443}` : 'the request';
  return new Error(`the proxy ${proxy.host} answers ${status[1] ?? status[2]} to ${asked}`);
}

/** The code stays a property too, for those who decide by it. */
function plain(error: Error): Error {
  const reason = connectionReason(error);
  if (reason === error.message) return error;
  const { code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(reason), code === undefined ? {} : { code });
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

/** A stray % stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
