import type { Trust } from './trust.js';

/** What the process's environment says; read once by config/load and passed on. */
export interface Environment {
  /** The folder that searches start in. */
  readonly cwd: string;
  readonly home: string;
  readonly natsUrl?: string;
  readonly natsContext?: string;
  readonly natsUser?: string;
  readonly natsPassword?: string;
  readonly natsToken?: string;
  /** NATS_CREDS, NATS_NKEY: files to log in with. */
  readonly natsCreds?: string;
  readonly natsNkey?: string;
  /** NATS_CA, NATS_CERT, NATS_KEY: files for TLS. */
  readonly natsCa?: string;
  readonly natsCert?: string;
  readonly natsKey?: string;
  /** NATS_INBOX_PREFIX: first tokens of the subjects that answers come to. */
  readonly inboxPrefix?: string;
  /** NATS_CLIENT_ID: name of the connection on the server. */
  readonly clientId?: string;
  readonly natsServerBin?: string;
  readonly natsMirror?: string;
  /** $PATH, as it is. */
  readonly path: string;
  /** $XDG_CONFIG_HOME or ~/.config. */
  readonly configHome: string;
  /** $XDG_CACHE_HOME or ~/.cache. */
  readonly cacheHome: string;
  readonly httpsProxy?: string;
  readonly httpProxy?: string;
  readonly noProxy?: string;
  /** npm_execpath: npm or npx has started this process. */
  readonly startedByNpm: boolean;
  /** NO_COLOR is set or TERM is dumb, and FORCE_COLOR says nothing else. */
  readonly noColor: boolean;
  /** FORCE_COLOR is set, and neither 0 nor false: stronger than NO_COLOR, as everywhere in Node. */
  readonly forceColor: boolean;
  /** Whose files this process takes orders from. */
  readonly trust: Trust;
  /** The whole environment: only for `env://` and `$VAR` in nats context files. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}
