import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoClock, refuseNoObject, refuseNoRate, refuseTexts } from '../../domain/given.js';
import {
  type Authenticator,
  credsAuthenticator,
  jwtAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  TimeoutError,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { connectionReason } from '../../domain/connection-reason.js';
import { formatDuration } from '../../domain/duration.js';
import { ConnectionError, messageOf } from '../../errors.js';
import { type Clock, systemClock } from '../../flow/clock.js';
import { otherCluster } from './cluster.js';
import { openConnection } from './connect-attempt.js';
import { ExpiredCredentials, NotAllowedError, translateError } from '../errors.js';
import { Link } from '../link.js';
import { versionAtLeast } from '../server-version.js';
import { type Auth, type ConnectionTarget, describeServers } from './target.js';
import { type Suggestion, suggestCommand } from '../../suggestion.js';

/** Older servers miss multi-filter consumers, metadata and reasons of terminations. */
export const minimumServerVersion = '2.10.0';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function authenticators(auth: Auth): Authenticator[] {
  const out: Authenticator[] = [];
  if (auth.user !== undefined) out.push(usernamePasswordAuthenticator(auth.user, auth.password ?? ''));
  else if (auth.creds !== undefined) out.push(credsAuthenticator(bytes(auth.creds)));
  else if (auth.nkeySeed !== undefined) out.push(nkeyAuthenticator(bytes(auth.nkeySeed.trim())));
  else if (auth.userJwt !== undefined) {
    out.push(
      jwtAuthenticator(auth.userJwt, auth.userSeed === undefined ? undefined : bytes(auth.userSeed.trim())),
    );
  }
  if (auth.token !== undefined) out.push(tokenAuthenticator(auth.token));
  return out;
}

function connectOptions(target: ConnectionTarget): NodeConnectionOptions & { servers: string[] } {
  const auth = target.auth ? authenticators(target.auth) : [];
  const { caFile, certFile, keyFile, first } = target.tls ?? {};
  return {
    servers: [...target.servers],
    name: target.name,
    // One server that is silent must not take the time of the others.
    timeout: Math.max(1, Math.floor(target.timeoutMs / target.servers.length)),
    // The client would make two errors with stack traces for each request, a third of the time of a failing event.
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A dead connection without a reset is noticed after two missed pings: 20 s instead of 4 minutes.
    pingInterval: 10_000,
    ...(auth.length > 0 ? { authenticator: auth } : {}),
    ...(target.inboxPrefix === undefined ? {} : { inboxPrefix: target.inboxPrefix }),
    ...(target.tls
      ? {
          tls: {
            ...(caFile === undefined ? {} : { caFile }),
            ...(certFile === undefined ? {} : { certFile }),
            ...(keyFile === undefined ? {} : { keyFile }),
            ...(first === undefined ? {} : { handshakeFirst: first }),
          },
        }
      : {}),
  };
}

/** How to connect. */
export interface ConnectOptions {
  /** Source of times and random names for everything done over the connection. Default: the system's. */
  readonly clock?: Clock;
}

const connectChecks = { clock: refuseNoClock } as const satisfies Checks<ConnectOptions>;

/**
 * Connects, and then reconnects forever.
 *
 * @throws ConnectionError (exit code 4) if it is unreachable, refuses the user, is older than 2.10, or has no JetStream
 */
export async function connect(target: ConnectionTarget, options: ConnectOptions = {}): Promise<Link> {
  refuseNoObject('target', target ?? null);
  refuseTexts('servers', target.servers ?? null);
  refuseNoRate('timeoutMs', target.timeoutMs);
  checkOptions(connectChecks, options);
  const { clock = systemClock } = options;
  let link: Link;
  try {
    link = await Link.over(await openConnection(connectOptions(target), target.timeoutMs), target, clock);
  } catch (error) {
    throw await failureOf(error, target, clock);
  }
  const refusal = refuse(link);
  if (refusal) {
    await link.close();
    throw refusal;
  }
  return link;
}

async function failureOf(error: unknown, target: ConnectionTarget, clock: Clock): Promise<ConnectionError> {
  const where = `${describeServers(target.servers)} (from ${target.source})`;
  const known = translateError(error, `connect to ${where}`);
  if (known instanceof NotAllowedError) {
    const expiredAt = expiryOf(target.auth);
    if (expiredAt === undefined || expiredAt > clock.now()) return known;
    return new ExpiredCredentials(where, new Date(expiredAt).toISOString(), error);
  }
  const { reason, suggestions } =
    error instanceof TimeoutError ? noAnswer(target) : explain(await saidBy(error, target), target);
  return new ConnectionError(`can't connect to ${where}: ${reason}`, { cause: error, suggestions });
}

/** What the error says; of a connection that the server cut off, why it did. */
async function saidBy(error: unknown, target: ConnectionTarget): Promise<string> {
  const reason = connectionReason(error);
  if (!/ECONNRESET|EPIPE|closed the connection/.test(messageOf(error))) return reason;
  const { tlsRefusal } = await import('./tls-refusal.js');
  return (await tlsRefusal(target).catch(() => undefined)) ?? reason;
}

interface Explained {
  readonly reason: string;
  readonly suggestions: readonly Suggestion[];
}

function noAnswer({ timeoutMs }: ConnectionTarget): Explained {
  return {
    reason: `no nats-server answered within ${formatDuration(timeoutMs)}`,
    suggestions: [
      'check host and port: something else may be listening there',
      'a server that requires TLS needs a tls:// address',
      'allow more time with --timeout 30s',
    ],
  };
}

/** What ended the connection, in words, and what to do about it. */
function explain(message: string, target: ConnectionTarget): Explained {
  if (/wrong version number|packet length too long|unexpected message/.test(message)) {
    const reason = 'TLS was offered, and what answers there does not speak it';
    return { reason, suggestions: ['check host and port', ...withoutTls(target)] };
  }
  if (message.includes("server does not support 'tls'")) {
    return { reason: 'TLS was asked for, and the server has none', suggestions: withoutTls(target) };
  }
  // OpenSSL says a line of fields.
  const alert = /(?:tls|ssl)v\d+ alert [a-z ]+/.exec(message)?.[0];
  const reason = alert === undefined ? (message.split('\n')[0] ?? message) : byServer(alert, target);
  return { reason, suggestions: suggestionsFor(reason) };
}

function withoutTls({ servers, tls }: ConnectionTarget): string[] {
  const isAddress = servers.some((server) => server.startsWith('tls://'));
  const isSaid = tls?.caFile !== undefined || tls?.certFile !== undefined || tls?.first !== undefined;
  return [
    ...(isAddress ? ['a server without TLS needs a nats:// address'] : []),
    ...(isSaid
      ? [
          'for a server without TLS, leave out --tlsca, --tlscert, --tlskey and --tls-first, and what NATS_CA, NATS_CERT, NATS_KEY or the context say of TLS',
        ]
      : []),
  ];
}

/** What the server says about the client's certificate, or about having none. */
function byServer(alert: string, { tls }: ConnectionTarget): string {
  return tls?.certFile === undefined
    ? `the server requires a client certificate, and none was given (${alert})`
    : `the server does not accept the client certificate ${tls.certFile} (${alert})`;
}

/** When a user's token ends, ms; undefined: never, or it is none. */
function expiryOf(auth: Auth | undefined): number | undefined {
  const token = auth?.userJwt ?? /-----BEGIN NATS USER JWT-----\s+(\S+)/.exec(auth?.creds ?? '')?.[1];
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
    const { exp } = claims as { exp?: unknown };
    return typeof exp === 'number' && exp > 0 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function suggestionsFor(reason: string): Suggestion[] {
  if (/alert/i.test(reason)) {
    return ['name a certificate that the server trusts, and its key, with --tlscert and --tlskey'];
  }
  if (/key values mismatch|PEM|no start line|bad decrypt/i.test(reason)) {
    return ['name a certificate and the key that belongs to it with --tlscert and --tlskey'];
  }
  if (/altnames/i.test(reason)) {
    return ['name the server as its certificate does with --server'];
  }
  if (/certificate|self.signed/i.test(reason)) {
    return ['name the authority that signed the certificate of the server with --tlsca <file>'];
  }
  return [
    suggestCommand('server start', { note: 'a nats-server for this folder' }),
    'name another server with --server, NATS_URL or --context',
  ];
}

function refuse(link: Link): ConnectionError | undefined {
  const other = otherCluster(link.target, link.server, link.nc.info?.cluster);
  if (other) return other;
  if (!versionAtLeast(link.serverVersion, minimumServerVersion)) {
    return new ConnectionError(
      `${link.server} runs nats-server ${link.serverVersion}; ${minimumServerVersion} or newer is needed`,
      {
        code: 'SERVER_TOO_OLD',
        suggestions: ['upgrade the server; 2.12.9 or newer is recommended'],
      },
    );
  }
  // With a domain or a prefix, it is that of another server that is asked.
  if (link.nc.info?.jetstream !== true && link.apiPrefix === '$JS.API') {
    return new ConnectionError(`${link.server} runs without JetStream`, {
      code: 'NO_JETSTREAM',
      suggestions: ['start nats-server with -js, or name another server'],
    });
  }
  return undefined;
}
