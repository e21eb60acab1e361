import type { Environment } from './environment.js';

/** The flags that say where to connect, and as whom. */
export interface TargetFlags {
  /** `nats://…`, `tls://…`; several with commas. */
  readonly server?: string;
  /** A context of the `nats` CLI, by name. */
  readonly context?: string;
  /** A credentials file; relative to the working folder. */
  readonly creds?: string;
  /** A file with an nkey seed; relative to the working folder. */
  readonly nkey?: string;
  /** User name. */
  readonly user?: string;
  /** Password of `user`. */
  readonly password?: string;
  /** Token, instead of a user and a password. */
  readonly token?: string;
  /** TLS before the server says anything. Default: as the server says. */
  readonly 'tls-first'?: boolean;
  /** JetStream domain. */
  readonly 'js-domain'?: string;
  /** Certificate authority, a PEM file. */
  readonly tlsca?: string;
  /** Client certificate, a PEM file. */
  readonly tlscert?: string;
  /** Key of the client certificate, a PEM file. */
  readonly tlskey?: string;
  /** First tokens of the subjects that answers come to. */
  readonly 'inbox-prefix'?: string;
}

/** What whoever gave one of them calls it, e.g. `--server`. */
export type Called = (flag: keyof TargetFlags) => string;

/** As on the command line. */
export const flagName: Called = (flag) => `--${flag}`;

/** The `server` of a config. */
export interface ServerSettings {
  /** `nats://host:port`; several with commas. */
  readonly url?: string;
  /** A context of the `nats` CLI, by name. */
  readonly context?: string;
}

/** Everything that decides where to connect, and as whom. */
export interface TargetOptions {
  /** Strongest: before environment, context and config. */
  readonly flags: TargetFlags;
  /** What they are called where they were given, for messages. Default: `flagName`. */
  readonly called?: Called;
  /** From `readEnvironment`. */
  readonly environment: Environment;
  /** What the config file says. */
  readonly configured?: ServerSettings;
  /** Name of the cluster that the server must be in; NATS_CLUSTER_ID is stronger. Default: any. */
  readonly cluster?: string;
  /** The server that runs for this folder. */
  readonly local?: () => Promise<
    | {
        /** Its address, `nats://host:port`. */
        readonly url: string;
      }
    | undefined
  >;
  /** Name of the connection on the server. */
  readonly name: string;
  /** Deadline of the first connection and of each request, ms. */
  readonly timeoutMs: number;
}
