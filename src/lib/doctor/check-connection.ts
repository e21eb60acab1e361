import { ConnectionError } from '../errors.js';
import type { Clock } from '../flow/clock.js';
import { concurrently } from '../flow/concurrently.js';
import { connect } from '../nats/connect/connect.js';
import { type ConnectionTarget, describeServers } from '../nats/connect/target.js';
import type { Link } from '../nats/link.js';
import { versionAtLeast } from '../nats/server-version.js';
import { suggestCommand } from '../suggestion.js';
import { fail, failed, type Finding, ok, type Subject, warn } from './finding.js';
import { type Greeting, readGreeting } from './greeting.js';

/** Servers before this one have defects that may lose or repeat what waits. */
const recommendedVersion = '2.12.9';
const mostServers = 8;

export interface Connected {
  readonly findings: readonly Finding[];
  /** Undefined: something of the findings keeps it from connecting. */
  readonly link?: Link;
}

/** From the address to JetStream, each only where the one before is right. */
export async function checkConnection(target: ConnectionTarget, clock: Clock): Promise<Connected> {
  const [addresses, greeting] = await checkAddresses(target);
  if (greeting === undefined) return { findings: addresses };
  try {
    const link = await connect(target, { clock });
    return { link, findings: [...addresses, ...afterLogin(target, link, greeting)] };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { findings: [...addresses, ...untilRefused(target, greeting, error)] };
  }
}

/** The first greeting of a server; of one that speaks TLS first, its silence. */
async function checkAddresses(target: ConnectionTarget): Promise<[Finding[], Greeting | undefined]> {
  const servers = target.servers.slice(0, mostServers);
  // One that waits for TLS says nothing: there is time left to try.
  const timeoutMs = Math.max(200, target.timeoutMs / 2);
  const greetings = await concurrently(servers, mostServers, (url) => readGreeting(url, timeoutMs));
  const findings: Finding[] = [];
  let best: Greeting | undefined;
  for (const [at, greeting] of greetings.entries()) {
    if (greeting === undefined) continue;
    const where = `${describeServers([servers[at] ?? ''])} (from ${target.source})`;
    if (greeting.kind === 'server') findings.push(ok('address', `${where}: a nats-server answers`));
    else if (greeting.kind === 'silent' && target.tls !== undefined)
      findings.push(ok('address', `${where}: somebody listens, and waits for TLS`));
    else
      findings.push(
        wrongAddress(
          where,
          greeting,
          greetings.some((one) => one?.kind === 'server'),
        ),
      );
    if (greeting.kind === 'server' || (greeting.kind === 'silent' && target.tls !== undefined))
      best ??= greeting;
  }
  return [findings, best];
}

function wrongAddress(where: string, greeting: Greeting, another: boolean): Finding {
  const report = another ? warn : fail;
  if (greeting.kind === 'unreachable') {
    const next = suggestCommand('server start', {
      note: 'a nats-server for this folder; or name another with --server',
    });
    return report('address', `${where}: ${greeting.why}`, next);
  }
  const said = greeting.kind === 'silent' ? 'says nothing' : 'is no nats-server';
  return report(
    'address',
    `${where}: what listens there ${said}`,
    greeting.kind === 'silent'
      ? 'check the port; a server that waits for TLS needs a tls:// address and --tls-first'
      : 'check the port: 4222 is usual for clients, 8222 for monitoring, 6222 for routes',
  );
}

function offersTls(greeting: Greeting): boolean {
  return greeting.kind !== 'server' || greeting.tlsRequired || greeting.tlsAvailable;
}

function afterLogin(target: ConnectionTarget, link: Link, greeting: Greeting): Finding[] {
  const isOld = !versionAtLeast(link.serverVersion, recommendedVersion);
  const version = `nats-server ${link.serverVersion}`;
  return [
    tlsUsed(target, greeting),
    ok('login', loginOf(target)),
    isOld
      ? warn('version', `${version}; ${recommendedVersion} or newer is recommended`, 'upgrade the server')
      : ok('version', version),
  ];
}

function tlsUsed({ tls }: ConnectionTarget, greeting: Greeting): Finding {
  const isUsed = tls !== undefined || (greeting.kind === 'server' && greeting.tlsRequired);
  return ok(
    'tls',
    isUsed ? 'TLS is used, and the certificate is accepted' : 'no TLS: the server asks for none',
  );
}

function loginOf({ auth }: ConnectionTarget): string {
  if (auth?.user !== undefined) return `the server accepts the user ${auth.user}`;
  return auth === undefined ? 'no credentials were needed' : 'the server accepts the credentials';
}

/** The server was reached: up to where was it right? */
function untilRefused(target: ConnectionTarget, greeting: Greeting, error: ConnectionError): Finding[] {
  const about = refusedAt(error);
  if (about === 'tls') return [tlsWrong(target, greeting, error)];
  const tls = tlsUsed(target, greeting);
  if (about === 'login') return [tls, failed('login', error)];
  const login = ok('login', loginOf(target));
  if (about === 'version') return [tls, login, failed('version', error)];
  return [tls, login, failed('jetstream', error)];
}

function refusedAt({ code }: ConnectionError): Subject {
  if (code === 'NOT_ALLOWED') return 'login';
  if (code === 'SERVER_TOO_OLD') return 'version';
  return code === 'NO_JETSTREAM' ? 'jetstream' : 'tls';
}

/** A server that greets and can't be connected to: what is left is TLS, or a server that hangs up. */
function tlsWrong({ tls }: ConnectionTarget, greeting: Greeting, error: ConnectionError): Finding {
  if (tls !== undefined && !offersTls(greeting)) {
    return fail(
      'tls',
      'TLS was asked for, and the server has none',
      'name the server with nats:// instead of tls://, and without --tlsca',
    );
  }
  if (tls === undefined && greeting.kind === 'server' && greeting.tlsRequired) {
    return fail(
      'tls',
      `the server requires TLS: ${error.message}`,
      error.suggestions[0] ?? 'name the server with tls://',
    );
  }
  return failed('tls', error);
}
