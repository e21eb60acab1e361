import {
  type Authenticator,
  connect as connectNats,
  credsAuthenticator,
  jwtAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { ConnectionError, messageOf } from '../errors.js';
import { translateError } from './errors.js';
import { Link } from './link.js';
import { versionAtLeast } from './server-version.js';
import { type Auth, type ConnectionTarget, describeServers } from './target.js';

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

function connectOptions(target: ConnectionTarget): NodeConnectionOptions {
  const auth = target.auth ? authenticators(target.auth) : [];
  const { caFile, certFile, keyFile, first } = target.tls ?? {};
  return {
    servers: [...target.servers],
    name: target.name,
    timeout: target.timeoutMs,
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

/**
 * Connects, and reconnects for ever once it was connected.
 *
 * Throws ConnectionError (exit code 4): unreachable, refused, a server below 2.10, or JetStream is off.
 */
export async function connect(target: ConnectionTarget): Promise<Link> {
  const where = `${describeServers(target.servers)} (from ${target.source})`;
  let link: Link;
  try {
    link = await Link.over(await connectNats(connectOptions(target)), target);
  } catch (error) {
    const known = translateError(error, `connect to ${where}`);
    if (known instanceof ConnectionError && known.code === 'NOT_ALLOWED') throw known;
    throw new ConnectionError(`can't connect to ${where}: ${messageOf(error)}`, {
      cause: error,
      suggestions: suggestionsFor(messageOf(error)),
    });
  }
  const refusal = refuse(link);
  if (refusal) {
    await link.close();
    throw refusal;
  }
  return link;
}

function suggestionsFor(reason: string): string[] {
  if (/certificate|self.signed|tls/i.test(reason)) {
    return [
      'name the authority that signed the server with --tlsca <file>, or a client certificate with --tlscert and --tlskey',
    ];
  }
  return [
    'plutomi-events server start   # a nats-server for this folder',
    'name another server with --server, NATS_URL or --context',
  ];
}

function refuse(link: Link): ConnectionError | undefined {
  if (!versionAtLeast(link.serverVersion, minimumServerVersion)) {
    return new ConnectionError(
      `${link.server} runs nats-server ${link.serverVersion}; ${minimumServerVersion} or newer is needed`,
      {
        code: 'SERVER_TOO_OLD',
        suggestions: ['upgrade the server; 2.12.9 or newer is recommended'],
      },
    );
  }
  if (link.nc.info?.jetstream !== true) {
    return new ConnectionError(`${link.server} runs without JetStream`, {
      code: 'NO_JETSTREAM',
      suggestions: ['start nats-server with -js, or name another server'],
    });
  }
  return undefined;
}
