import type { Auth, ConnectionTarget, TlsFiles } from '../nats/target.js';
import { UsageError } from '../errors.js';
import { readCredentials, requireFile } from './credentials.js';
import type { Environment } from './environment.js';
import { type ContextSettings, readContext } from './nats-context.js';
import type { ServerSettings } from './resolved.js';
import { type Servers, parseServers } from './server-urls.js';

export const defaultServer = 'nats://127.0.0.1:4222';

/** The flags that say where to connect, and as whom. */
export interface TargetFlags {
  readonly server?: string;
  readonly context?: string;
  /** Files; relative to the working folder. */
  readonly creds?: string;
  readonly nkey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly tlsca?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

export interface TargetOptions {
  readonly flags: TargetFlags;
  readonly environment: Environment;
  /** What the config file says. */
  readonly configured?: ServerSettings;
  /** The server that runs for this folder. */
  readonly local?: { readonly url: string };
  /** Name of the connection on the server. */
  readonly name: string;
  readonly timeoutMs: number;
}

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
 * `NATS_CONTEXT`, the config file, the server of this folder, 127.0.0.1:4222. Credentials are taken the same way
 * and may come from another of the first four than the server (`--server` with `--context`); those of the config
 * file are only ever sent to the config file's server.
 *
 * Throws UsageError (exit code 2), never with a secret in its message.
 */
export async function resolveTarget(options: TargetOptions): Promise<ConnectionTarget> {
  const layers = await layersOf(options);
  const at = layers.findIndex((layer) => layer.servers !== undefined);
  const chosen = layers[at];
  const servers = chosen?.servers ?? parseServers(defaultServer, 'default');
  const asked = layers.filter((layer, i) => i === at || layer.source !== configSource);
  const auth = asked.find((layer) => layer.auth !== undefined)?.auth;
  const context = asked.find((layer) => layer.context !== undefined)?.context;
  const tls = await tlsOf(options, context?.tls, servers.tls);
  return {
    servers: servers.urls,
    source: chosen?.source ?? 'default',
    name: options.name,
    timeoutMs: options.timeoutMs,
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...(context?.domain === undefined ? {} : { domain: context.domain }),
    ...(context?.apiPrefix === undefined ? {} : { apiPrefix: context.apiPrefix }),
    ...(context?.inboxPrefix === undefined ? {} : { inboxPrefix: context.inboxPrefix }),
  };
}
const configSource = 'the config file';

async function layersOf({ flags, environment, configured, local }: TargetOptions): Promise<Layer[]> {
  const { natsUrl, natsContext, natsUser, natsPassword } = environment;
  const contextNamed = flags.context ?? natsContext;
  const fromContext = contextNamed === undefined ? [] : [await contextLayer(contextNamed, environment)];
  const inFlag = flags.context !== undefined;
  const fromConfig = configured ? await configLayers(configured, environment) : [];
  return [
    layer('--server', flags.server, await flagAuth(flags, environment)),
    ...(inFlag ? fromContext : []),
    layer('NATS_URL', natsUrl, userAuth('NATS_USER', natsUser, 'NATS_PASSWORD', natsPassword)),
    ...(inFlag ? [] : fromContext),
    ...fromConfig,
    ...(local === undefined ? [] : [layer('the server of this folder', local.url)]),
  ];
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

async function configLayers(configured: ServerSettings, environment: Environment): Promise<Layer[]> {
  const context =
    configured.context === undefined ? undefined : await contextLayer(configured.context, environment);
  const own = layer(configSource, configured.url ?? undefined, context?.auth);
  const servers = own.servers ?? context?.servers;
  return [
    {
      ...own,
      ...(servers ? { servers } : {}),
      ...(context?.context ? { context: context.context } : {}),
    },
  ];
}

async function flagAuth(flags: TargetFlags, environment: Environment): Promise<Auth | undefined> {
  if (flags.creds !== undefined && flags.nkey !== undefined) {
    throw new UsageError('--creds and --nkey exclude each other: give one of them');
  }
  if (flags.creds !== undefined) {
    return { creds: await readCredentials('creds', '--creds', flags.creds, environment) };
  }
  if (flags.nkey !== undefined) {
    return { nkeySeed: await readCredentials('nkey', '--nkey', flags.nkey, environment) };
  }
  return userAuth('--user', flags.user, '--password', flags.password ?? passwordBeside(flags, environment));
}

/** `--user ann` with NATS_PASSWORD keeps the password out of the process list. */
function passwordBeside(flags: TargetFlags, environment: Environment): string | undefined {
  return flags.user === undefined ? undefined : environment.natsPassword;
}

function userAuth(
  userName: string,
  user: string | undefined,
  passwordName: string,
  password: string | undefined,
) {
  if (user === undefined && password === undefined) return undefined;
  if (user === undefined) {
    throw new UsageError(`${passwordName} is given without a user`, {
      suggestions: [`name the user with ${userName}`],
    });
  }
  return password === undefined ? { token: user } : { user, password };
}

async function tlsOf(
  { flags, environment }: TargetOptions,
  fromContext: TlsFiles | undefined,
  forced: boolean,
): Promise<TlsFiles | undefined> {
  const file = async (flag: string, written: string | undefined) =>
    written === undefined ? undefined : requireFile(flag, written, environment);
  const caFile = (await file('--tlsca', flags.tlsca)) ?? fromContext?.caFile;
  const ownPair = flags.tlscert !== undefined;
  const certFile = ownPair ? await file('--tlscert', flags.tlscert) : fromContext?.certFile;
  const keyFile = ownPair ? await file('--tlskey', flags.tlskey) : fromContext?.keyFile;
  const first = fromContext?.first;
  if (!forced && caFile === undefined && certFile === undefined && first === undefined) return undefined;
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(first === undefined ? {} : { first }),
  };
}
