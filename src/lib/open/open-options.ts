import { anyOf, checkOptions, type Checks } from '../domain/options.js';
import {
  refuseNoClock,
  refuseNoFlag,
  refuseNoFunction,
  refuseNoWait,
  refuseNoText,
} from '../domain/given.js';
import type { UserConfig } from '../config/schema/user-config.js';
import type { Called, TargetFlags } from '../connection/target-options.js';
import type { ConfigProblem } from '../errors.js';
import type { PublishWarning } from '../events/publish/warnings.js';
import type { Clock } from '../flow/clock.js';
import { type Identity, identityChecks } from '../pipeline/identity.js';

/** Where to connect, and as whom. What is left out is found as the command line finds it. */
export interface ConnectionOptions {
  /** `nats://…`, `tls://…`; several with commas. */
  readonly server?: string;
  /** A context of the `nats` CLI, by name. */
  readonly context?: string;
  /** A credentials file; this and the files below are relative to `cwd`. */
  readonly creds?: string;
  /** A file with an nkey seed. */
  readonly nkey?: string;
  /** User name. Default: NATS_USER, else the context's. */
  readonly user?: string;
  /** Password of `user`. */
  readonly password?: string;
  /** Token, instead of a user and a password. */
  readonly token?: string;
  /** Certificate authority, a PEM file. */
  readonly tlsCa?: string;
  /** Client certificate, a PEM file. */
  readonly tlsCert?: string;
  /** Key of the client certificate, a PEM file. */
  readonly tlsKey?: string;
  /** TLS before the server says anything. Default: as the server says. */
  readonly tlsFirst?: boolean;
  /** The JetStream domain. */
  readonly jsDomain?: string;
  /** First tokens of the subjects that answers come to. Default: `_INBOX`. */
  readonly inboxPrefix?: string;
}

/** Which pipeline to open, and where. All of it can be left out. */
export interface OpenOptions extends ConnectionOptions {
  /**
   * A config file, relative to `cwd`, or a config. Default: `plutomi-events.config.{ts,mjs,js,json,yaml,yml}` of `cwd` or
   * of the nearest folder above it that has one.
   */
  readonly config?: string | UserConfig;
  /**
   * The pipeline's name. Needed where there is no config and the server has several: the config is then read from the
   * server, where the last apply has stored it. Default: PLUTOMI_PIPELINE, else the only one.
   */
  readonly pipeline?: string;
  /** The folder that the search starts in, and whose `.env` counts. Default: the working folder. */
  readonly cwd?: string;
  /** Name of the connection on the server. Default: NATS_CLIENT_ID, else `plutomi-events`. */
  readonly name?: string;
  /** How long the server may take to answer, ms. Default: 5000. */
  readonly timeoutMs?: number;
  /** Who writes. Default: this process, and the user that it runs as. */
  readonly identity?: Partial<Identity>;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Called for each setting of the config that is allowed but can lose events. Default: not reported. */
  readonly onWarning?: (warning: ConfigProblem) => void;
  /** Told once for each event type that its events are large, or that it is deprecated. Default: not reported. */
  readonly onPublishWarning?: (warning: PublishWarning) => void;
}

const connectionChecks = {
  server: refuseNoText,
  context: refuseNoText,
  creds: refuseNoText,
  nkey: refuseNoText,
  user: refuseNoText,
  password: refuseNoText,
  token: refuseNoText,
  tlsCa: refuseNoText,
  tlsCert: refuseNoText,
  tlsKey: refuseNoText,
  tlsFirst: refuseNoFlag,
  jsDomain: refuseNoText,
  inboxPrefix: refuseNoText,
} as const satisfies Checks<ConnectionOptions>;

/** Of `openPipeline`. */
export const openChecks = {
  ...connectionChecks,
  config: anyOf('a path or a config', 'string', 'object'),
  pipeline: refuseNoText,
  cwd: refuseNoText,
  name: refuseNoText,
  timeoutMs: refuseNoWait,
  identity: (name, given) => checkOptions(identityChecks, given, name),
  clock: refuseNoClock,
  onWarning: refuseNoFunction,
  onPublishWarning: refuseNoFunction,
} as const satisfies Checks<OpenOptions>;

/** The options by the flags that the command line has for them. */
const optionOf = {
  server: 'server',
  context: 'context',
  creds: 'creds',
  nkey: 'nkey',
  user: 'user',
  password: 'password',
  token: 'token',
  tlsca: 'tlsCa',
  tlscert: 'tlsCert',
  tlskey: 'tlsKey',
  'tls-first': 'tlsFirst',
  'js-domain': 'jsDomain',
  'inbox-prefix': 'inboxPrefix',
} as const satisfies Record<keyof TargetFlags, keyof ConnectionOptions>;

/** The same as the flags that the command line has for them, and what they are called here. */
export function flagsOf(options: ConnectionOptions): {
  readonly flags: TargetFlags;
  readonly called: Called;
} {
  const given = Object.entries(optionOf).map(([flag, option]) => [flag, options[option]]);
  return {
    flags: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    called: (flag) => `the option ${optionOf[flag]}`,
  };
}
