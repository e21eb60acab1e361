import { UsageError } from '../errors.js';
import type { Auth } from '../nats/connect/target.js';

/** Server addresses of one source, without the credentials that were in them. */
export interface Servers {
  /** `nats://host:port` or `tls://host:port`. */
  readonly urls: readonly string[];
  /** `user:password@` or `token@` of the first that has any. */
  readonly auth?: Auth;
  /** One of them says `tls://`. */
  readonly tls: boolean;
}

interface Server {
  readonly url: string;
  readonly auth?: Auth;
}

interface Refused {
  /** What was expected and found; never the credentials. */
  readonly problem: string;
}

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;

/** What stands before the @ may be the end of a password that began in the entry before it. */
const cutInTwo: Refused = {
  problem:
    'expected servers like nats://host:4222, found credentials behind a comma: in a user or password, a comma is ' +
    'written as %2C, and in a list each server with credentials begins with nats:// or tls://',
};

/** Reads a comma-separated list of server URLs; `nats://` and the port 4222 may be left out. */
export function readServers(text: string): Servers | Refused {
  const entries = text.split(',');
  if (entries.slice(1).some((entry) => entry.includes('@') && !scheme.test(entry.trim()))) return cutInTwo;
  const servers = entries.map((entry, i) =>
    readServer(
      entry.trim(),
      entries.some((other, at) => at !== i && other.includes('@')),
    ),
  );
  const refused = servers.find((server) => 'problem' in server);
  if (refused) return refused;
  const read = servers as Server[];
  const auth = read.find((server) => server.auth !== undefined)?.auth;
  return {
    urls: read.map((server) => server.url),
    tls: read.some((server) => server.url.startsWith('tls://')),
    ...(auth === undefined ? {} : { auth }),
  };
}

/** As `readServers`. Throws UsageError; `source` is the flag, variable or context that the text came from. */
export function parseServers(text: string, source: string): Servers {
  const servers = readServers(text);
  if ('problem' in servers) {
    throw new UsageError(`${source}: ${servers.problem}`, { code: 'INVALID_SERVER' });
  }
  return servers;
}

/** `secret`: another entry has credentials. A comma in a password makes two entries of it, and an @ may be forgotten. */
function readServer(entry: string, secret: boolean): Server | Refused {
  const refuse = (why: string): Refused => ({
    problem: `expected a server like nats://host:4222, found ${hideCredentials(entry, secret)} (${why})`,
  });
  if (entry === '') return refuse('empty');
  if (isQuoted(entry)) return refuse(quotesKept);
  const protocol = scheme.exec(entry)?.[1]?.toLowerCase() ?? 'nats';
  if (protocol !== 'nats' && protocol !== 'tls') return refuse(`only nats:// and tls:// are supported`);
  const rest = entry.replace(scheme, '');
  // A password may hold anything, also what a URL gives a meaning to, as generated ones do.
  const at = rest.lastIndexOf('@');
  const address = `nats://${rest.slice(at + 1)}`;
  if (!URL.canParse(address)) return refuse('not a URL');
  const url = new URL(address);
  if (url.hostname === '') return refuse('no host');
  if (!['', '/'].includes(url.pathname) || url.search || url.hash) return refuse('more than host and port');
  const auth = at === -1 ? undefined : authIn(rest.slice(0, at));
  return { url: `${protocol}://${url.hostname}:${url.port || '4222'}`, ...(auth ? { auth } : {}) };
}

/** What is in quotes as a whole: they were for a shell, and no shell has seen them. */
export function isQuoted(text: string): boolean {
  return /^(["']).+\1$/.test(text);
}

/** Why a value has quotes around it. */
export const quotesKept = 'the quotes are a part of it: docker run --env-file keeps them';

function hideCredentials(entry: string, secret: boolean): string {
  const start = scheme.exec(entry)?.[0] ?? '';
  if (secret && entry !== '') return `"${start}…"`;
  const at = entry.lastIndexOf('@');
  return at === -1 ? `"${entry}"` : `"${start}…${entry.slice(at)}"`;
}

function authIn(credentials: string): Auth | undefined {
  const [, name = '', secret = ''] = /^([^:]*):?(.*)$/s.exec(credentials) ?? [];
  const [user, password] = [decode(name), decode(secret)];
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
