import { refuseNoObject, refuseNoText } from '../domain/given.js';
import { userInfo } from 'node:os';
import path from 'node:path';
import { UsageError } from '../errors.js';
import { atHome } from './at-home.js';
import { readTrust, type Trust } from './trust.js';

/** The process's environment; read once by `readEnvironment` and passed on. */
export interface Environment {
  /** The folder that searches start in. */
  readonly cwd: string;
  /** The user's home folder: HOME, else USERPROFILE, else as the system knows it. */
  readonly home: string;
  /** NATS_URL: server addresses, separated by commas. */
  readonly natsUrl?: string;
  /** NATS_CONTEXT: a context of the `nats` CLI, by name. */
  readonly natsContext?: string;
  /** NATS_USER. */
  readonly natsUser?: string;
  /** NATS_PASSWORD. */
  readonly natsPassword?: string;
  /** NATS_TOKEN. */
  readonly natsToken?: string;
  /** NATS_CREDS: a credentials file. */
  readonly natsCreds?: string;
  /** NATS_NKEY: a file with an nkey seed. */
  readonly natsNkey?: string;
  /** NATS_CA: certificate authority, a PEM file. */
  readonly natsCa?: string;
  /** NATS_CERT: the client certificate, a PEM file. */
  readonly natsCert?: string;
  /** NATS_KEY: the key of the client certificate, a PEM file. */
  readonly natsKey?: string;
  /** NATS_INBOX_PREFIX: first tokens of the subjects that answers come to. */
  readonly inboxPrefix?: string;
  /** NATS_CLIENT_ID: name of the connection on the server. */
  readonly clientId?: string;
  /** NATS_CLUSTER_ID: name of the cluster that the server must be in. */
  readonly clusterId?: string;
  /** PLUTOMI_PIPELINE: which pipeline is meant, by name. */
  readonly pipeline?: string;
  /** PLUTOMI_PROTECTED: contexts of the `nats` CLI in which verbs that write ask for the pipeline's name. */
  readonly protectedContexts: readonly string[];
  /** PLUTOMI_ALERTS_SECRET: what alerts to the webhook are signed with; several, separated by blanks. */
  readonly alertsSecret?: string;
  /** DATABASE_URL: the Postgres whose outbox is relayed. */
  readonly databaseUrl?: string;
  /** AXIOM_TOKEN: logs of `pipeline run` go to Axiom too, if there is a dataset. */
  readonly axiomToken?: string;
  /** AXIOM_DATASET: the dataset that they are put into. */
  readonly axiomDataset?: string;
  /** NATS_SERVER_BIN: path of a nats-server to use instead of an installed one. */
  readonly natsServerBin?: string;
  /** PLUTOMI_NATS_MIRROR: base URL to download nats-server from. */
  readonly natsMirror?: string;
  /** VISUAL, else EDITOR: the command that opens a file to be edited. */
  readonly editor?: string;
  /** $PATH, as it is. */
  readonly path: string;
  /** $XDG_CONFIG_HOME or ~/.config. */
  readonly configHome: string;
  /** $XDG_CACHE_HOME or ~/.cache. */
  readonly cacheHome: string;
  /** HTTPS_PROXY or https_proxy: proxy for `https://` URLs. */
  readonly httpsProxy?: string;
  /** HTTP_PROXY or http_proxy: proxy for `http://` URLs. */
  readonly httpProxy?: string;
  /** NO_PROXY or no_proxy: hosts that are reached without a proxy, separated by commas. */
  readonly noProxy?: string;
  /** npm_execpath: npm or npx has started this process. */
  readonly startedByNpm: boolean;
  /** NO_COLOR is set or TERM is dumb, and FORCE_COLOR says nothing else. */
  readonly noColor: boolean;
  /** TERM is dumb: nothing that was written can be written over. */
  readonly dumbTerminal: boolean;
  /** FORCE_COLOR is set, and neither 0 nor false: stronger than NO_COLOR, as everywhere in Node. */
  readonly forceColor: boolean;
  /** Whose config files this process accepts. */
  readonly trust: Trust;
  /** The whole environment: only for `env://` and `$VAR` in nats context files. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the process's environment: the only place that does. Empty variables count as unset.
 *
 * Throws UsageError where `cwd` is not given, and the folder that this process is in was removed.
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = currentFolder(),
): Environment {
  refuseNoObject('variables', variables);
  refuseNoText('cwd', cwd);
  const get = (...names: string[]): string | undefined =>
    names.map((name) => variables[name]).find((value) => value);
  // A relative one would be another folder for each folder that a command is used in.
  const folder = (name: string): string | undefined => {
    const found = get(name);
    return found !== undefined && path.isAbsolute(found) ? found : undefined;
  };
  const home = folder('HOME') ?? folder('USERPROFILE') ?? homeOfSystem();
  const file = (name: string): string | undefined => {
    const found = get(name);
    return found === undefined ? undefined : atHome(found, home);
  };
  const forced = get('FORCE_COLOR');
  const forceColor = forced !== undefined && forced !== '0' && forced !== 'false';
  const optional = {
    natsUrl: get('NATS_URL'),
    natsContext: get('NATS_CONTEXT'),
    natsUser: get('NATS_USER'),
    natsPassword: get('NATS_PASSWORD'),
    natsToken: get('NATS_TOKEN'),
    natsCreds: file('NATS_CREDS'),
    natsNkey: file('NATS_NKEY'),
    natsCa: file('NATS_CA'),
    natsCert: file('NATS_CERT'),
    natsKey: file('NATS_KEY'),
    inboxPrefix: get('NATS_INBOX_PREFIX'),
    clientId: get('NATS_CLIENT_ID'),
    clusterId: get('NATS_CLUSTER_ID'),
    pipeline: get('PLUTOMI_PIPELINE'),
    editor: get('VISUAL', 'EDITOR'),
    alertsSecret: get('PLUTOMI_ALERTS_SECRET'),
    databaseUrl: get('DATABASE_URL'),
    axiomToken: get('AXIOM_TOKEN'),
    axiomDataset: get('AXIOM_DATASET'),
    natsServerBin: file('NATS_SERVER_BIN'),
    natsMirror: get('PLUTOMI_NATS_MIRROR'),
    httpsProxy: get('HTTPS_PROXY', 'https_proxy'),
    httpProxy: get('HTTP_PROXY', 'http_proxy'),
    noProxy: get('NO_PROXY', 'no_proxy'),
  };
  const set = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    cwd,
    home,
    path: get('PATH') ?? '',
    configHome: folder('XDG_CONFIG_HOME') ?? path.join(home, '.config'),
    cacheHome: folder('XDG_CACHE_HOME') ?? path.join(home, '.cache'),
    protectedContexts: listOf(get('PLUTOMI_PROTECTED')),
    startedByNpm: get('npm_execpath') !== undefined,
    noColor: forced === undefined ? get('NO_COLOR') !== undefined || get('TERM') === 'dumb' : !forceColor,
    dumbTerminal: get('TERM') === 'dumb',
    forceColor,
    trust: readTrust(process.getuid?.(), variables),
    variables,
    ...set,
  };
}

/** The parts between commas, without blanks around them. */
function listOf(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new UsageError('the folder that this runs in was removed', {
      suggestions: ['cd to one that is there; of a folder that was made anew: cd "$PWD"'],
      cause: error,
    });
  }
}

/** By the system's list of users; as containers do it, `/` for a user id that the system knows nothing of. */
function homeOfSystem(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}
