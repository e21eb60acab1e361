import { type Checks, requireOptions } from '../domain/options.js';
import { refuseNoFunction, refuseNoObject, refuseNoWait, refuseNoText } from '../domain/given.js';
import type { Auth, ConnectionTarget } from '../nats/connect/target.js';
import { escapeLine } from '../domain/escape.js';
import { isName, isSubject, shortened, subjectFault } from '../domain/subjects.js';
import { UsageError } from '../errors.js';
import { readCredentials } from './credentials.js';
import type { Environment } from './environment.js';
import { type ContextSettings, readContext } from './nats-context.js';
import { type Servers, parseServers } from './server-urls.js';
import { flagName, type ServerSettings, type TargetOptions } from './target-options.js';
import { tlsOf } from './tls-files.js';

export const defaultServer = 'nats://127.0.0.1:4222';

const targetChecks = {
  flags: refuseNoObject,
  called: refuseNoFunction,
  environment: refuseNoObject,
  configured: refuseNoObject,
  cluster: refuseNoText,
  local: refuseNoFunction,
  name: refuseNoText,
  timeoutMs: refuseNoWait,
} as const satisfies Checks<TargetOptions>;

/** One place that can say where to connect and as whom. */
interface Layer {
  readonly source: string;
  readonly servers?: Servers;
  readonly auth?: Auth;
  readonly context?: ContextSettings;
}

/**
 * Where to connect, and as whom.
 *
 * The first of these that names a server wins: `--server`, the context of `--context`, `NATS_URL`, the context of
 * `NATS_CONTEXT`, the config file, the server of this folder, 127.0.0.1:4222. Credentials are taken in the same
 * order and may come from another place than the server (`--server` with `--context`); those of the config file
 * only go to the config file's server.
 *
 * Throws UsageError (exit code 2), never with a secret in its message.
 */
export async function resolveTarget(options: TargetOptions): Promise<ConnectionTarget> {
  requireOptions(targetChecks, options, ['flags', 'environment', 'name', 'timeoutMs']);
  const layers = await layersOf(options);
  const chosen = layers.find((layer) => layer.servers !== undefined);
  const servers = chosen?.servers ?? parseServers(defaultServer, 'default');
  const auth = layers.find((layer) => layer.auth !== undefined)?.auth;
  const context = layers.find((layer) => layer.context !== undefined)?.context;
  const tls = await tlsOf(options, context?.tls, servers.tls);
  const inboxPrefix = inboxPrefixOf(options, context);
  const cluster = options.environment.clusterId ?? options.cluster;
  return {
    servers: servers.urls,
    source: chosen?.source ?? 'the default',
    name: options.name,
    timeoutMs: options.timeoutMs,
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...jetStreamOf(options, context),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

/** The context whose server or credentials are used, by the name that it was given by; undefined: none is. */
export function contextOf({
  flags,
  environment: { natsUrl, natsContext },
  configured,
}: Pick<TargetOptions, 'flags' | 'environment' | 'configured'>): string | undefined {
  const named = flags.context ?? natsContext;
  if (named !== undefined) return named;
  // What names a server before the config does leaves the config's context out.
  return flags.server === undefined && natsUrl === undefined ? configured?.context : undefined;
}

/** `--js-domain` stands in place of what the context says about JetStream. */
function jetStreamOf(
  { flags, called = flagName }: TargetOptions,
  context: ContextSettings | undefined,
): Pick<ConnectionTarget, 'domain' | 'apiPrefix'> {
  const domain = flags['js-domain'];
  if (domain !== undefined && !isName(domain)) {
    throw new UsageError(`${called('js-domain')}: expected a name, found "${escapeLine(domain)}"`);
  }
  const named = domain ?? context?.domain;
  const apiPrefix = domain === undefined ? context?.apiPrefix : undefined;
  return {
    ...(named === undefined ? {} : { domain: named }),
    ...(apiPrefix === undefined ? {} : { apiPrefix }),
  };
}

/** As with servers, a context named by flag comes before the variable. */
function inboxPrefixOf(
  { flags, environment, called = flagName }: TargetOptions,
  context: ContextSettings | undefined,
): string | undefined {
  const layers = [
    ['NATS_INBOX_PREFIX', environment.inboxPrefix],
    ['inbox_prefix of the context', context?.inboxPrefix],
  ] as const;
  const [from, prefix] =
    [
      [called('inbox-prefix'), flags['inbox-prefix']] as const,
      ...(flags.context === undefined ? layers : layers.toReversed()),
    ].find(([, given]) => given !== undefined) ?? [];
  return prefix === undefined ? undefined : checkPrefix(from ?? '', prefix);
}

/** First tokens of subjects. Throws UsageError; `from` is the flag, variable or context that named them. */
export function checkPrefix(from: string, prefix: string): string {
  if (isSubject(prefix)) return prefix;
  throw new UsageError(
    `${from}: expected the first tokens of a subject, like _INBOX_viewer, found "${escapeLine(shortened(prefix))}": ${subjectFault(prefix)}`,
    { code: 'INVALID_PREFIX' },
  );
}

/** In order of precedence; what stands below the one that names the server is left out, contexts aside. */
async function layersOf(options: TargetOptions): Promise<Layer[]> {
  const { flags, environment, configured, local, called = flagName } = options;
  const { natsUrl, natsContext } = environment;
  const named = flags.context ?? natsContext;
  const context = named === undefined ? [] : [await contextLayer(named, environment)];
  const byFlag = flags.context !== undefined;
  const first = [layer(called('server'), flags.server, await flagAuth(options)), ...(byFlag ? context : [])];
  // Files that are not needed may be missing.
  const needed = first.every((one) => one.auth === undefined);
  const layers = [
    ...first,
    layer('NATS_URL', natsUrl, needed ? await environmentAuth(environment) : undefined),
    ...(byFlag ? [] : context),
  ];
  if (layers.some((one) => one.servers !== undefined)) return layers;
  if (configured) layers.push(await configLayer(configured, environment));
  const running = await local?.();
  if (running) layers.push(layer('the server of this folder', running.url));
  return layers;
}

/** A layer; credentials beside a URL win over those in it. */
function layer(source: string, urls: string | undefined, auth?: Auth): Layer {
  const servers = urls === undefined ? undefined : parseServers(urls, source);
  const used = auth ?? servers?.auth;
  return { source, ...(servers ? { servers } : {}), ...(used ? { auth: used } : {}) };
}

async function contextLayer(name: string, environment: Environment): Promise<Layer> {
  const context = await readContext(name, environment);
  return { ...layer(`context ${name}`, context.url, context.auth), context };
}

/** A URL in the config wins over that of the context which the config names. */
async function configLayer({ url, context: name }: ServerSettings, environment: Environment): Promise<Layer> {
  const context = name === undefined ? undefined : await contextLayer(name, environment);
  if (url === undefined) {
    return context
      ? { ...context, source: `${context.source} of the config file` }
      : { source: 'the config file' };
  }
  return { ...context, ...layer('the config file', url, context?.auth) };
}

/** What the variables say. They go with whatever server is meant, as for the nats CLI. */
async function environmentAuth(environment: Environment): Promise<Auth | undefined> {
  const { natsUser, natsPassword, natsToken, natsCreds, natsNkey } = environment;
  requireOne({ NATS_USER: natsUser, NATS_CREDS: natsCreds, NATS_NKEY: natsNkey, NATS_TOKEN: natsToken });
  if (natsUser !== undefined) return userAuth(natsUser, natsPassword);
  if (natsToken !== undefined) return { token: natsToken };
  if (natsCreds !== undefined) {
    return { creds: await readCredentials('creds', 'NATS_CREDS', natsCreds, environment) };
  }
  return natsNkey === undefined
    ? undefined
    : { nkeySeed: await readCredentials('nkey', 'NATS_NKEY', natsNkey, environment) };
}

/** One way to log in, of those that one source names. */
function requireOne(ways: Readonly<Record<string, string | undefined>>): void {
  const given = Object.keys(ways).filter((name) => ways[name] !== undefined);
  if (given.length < 2) return;
  throw new UsageError(`${given.join(' and ')} exclude each other: expected one way to log in`);
}

async function flagAuth({ flags, environment, called = flagName }: TargetOptions): Promise<Auth | undefined> {
  const { creds, nkey, password, token } = flags;
  const user = flags.user ?? (password === undefined ? undefined : environment.natsUser);
  if (password !== undefined && user === undefined) {
    throw new UsageError(`${called('password')} is given without a user`, {
      suggestions: [`name the user with ${called('user')}`],
    });
  }
  requireOne({
    [called('creds')]: creds,
    [called('nkey')]: nkey,
    [called('user')]: flags.user,
    [called('token')]: token,
  });
  if (token !== undefined) return { token };
  if (creds !== undefined)
    return { creds: await readCredentials('creds', called('creds'), creds, environment) };
  if (nkey !== undefined)
    return { nkeySeed: await readCredentials('nkey', called('nkey'), nkey, environment) };
  return user === undefined ? undefined : userAuth(user, password ?? environment.natsPassword);
}

/** A user without a password is a token, as for the nats CLI. */
function userAuth(user: string, password: string | undefined): Auth {
  return password === undefined ? { token: user } : { user, password };
}
