import { UsageError } from '../errors.js';
import type { Auth } from '../nats/target.js';

/** Server addresses of one source, without the credentials that were in them. */
export interface Servers {
  /** `nats://host:port` or `tls://host:port`. */
  readonly urls: readonly string[];
  readonly auth?: Auth;
  /** One of them says `tls://`. */
  readonly tls: boolean;
}

/**
 * Reads a comma-separated list of server URLs; `nats://` may be left out.
 *
 * Throws UsageError with the source and which entry is wrong, never with its credentials.
 */
export function parseServers(text: string, source: string): Servers {
  const entries = text.split(',').map((entry) => entry.trim());
  const parsed = entries.map((entry, i) =>
    parseServer(entry, source, entries.length === 1 ? '' : ` ${i + 1}`),
  );
  const auth = parsed.find((server) => server.auth !== undefined)?.auth;
  return {
    urls: parsed.map((server) => server.url),
    tls: parsed.some((server) => server.url.startsWith('tls://')),
    ...(auth === undefined ? {} : { auth }),
  };
}

function parseServer(entry: string, source: string, which: string): { url: string; auth?: Auth } {
  const shown = entry.replace(/\/\/.*@/, '//…@').replace(/^[^/]*@/, '…@');
  const problem = (why: string) =>
    new UsageError(
      `${source}: server${which}: expected a URL like nats://host:4222, found "${shown}" (${why})`,
      {
        code: 'INVALID_SERVER',
      },
    );
  if (entry === '') throw problem('empty');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry)?.[1]?.toLowerCase() ?? 'nats';
  if (scheme !== 'nats' && scheme !== 'tls') throw problem(`the scheme is ${scheme}, not nats or tls`);
  // With a scheme that URL knows nothing about, ports and host names are left alone.
  const plain = entry.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const address = `nats://${plain}`;
  if (!URL.canParse(address)) throw problem('not a URL');
  const url = new URL(address);
  if (url.hostname === '') throw problem('no host');
  if ((url.pathname !== '' && url.pathname !== '/') || url.search || url.hash)
    throw problem('more than host and port');
  const auth = authIn(url);
  return { url: `${scheme}://${url.hostname}:${url.port || '4222'}`, ...(auth ? { auth } : {}) };
}

/** `user:password@`, or `token@`. */
function authIn(url: URL): Auth | undefined {
  const user = decode(url.username);
  const password = decode(url.password);
  if (user === '' && password === '') return undefined;
  return password === '' ? { token: user } : { user, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
