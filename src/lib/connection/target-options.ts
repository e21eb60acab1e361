import type { Environment } from './environment.js';

/** The flags that say where to connect, and as whom. */
export interface TargetFlags {
  readonly server?: string;
  readonly context?: string;
  /** Files; relative to the working folder. */
  readonly creds?: string;
  readonly nkey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly 'tls-first'?: boolean;
  /** JetStream domain. */
  readonly 'js-domain'?: string;
  readonly tlsca?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  /** First tokens of the subjects that answers come to. */
  readonly 'inbox-prefix'?: string;
}

export interface ServerSettings {
  readonly url?: string;
  readonly context?: string;
}

export interface TargetOptions {
  readonly flags: TargetFlags;
  readonly environment: Environment;
  /** What the config file says. */
  readonly configured?: ServerSettings;
  /** The server that runs for this folder. */
  readonly local?: () => Promise<{ readonly url: string } | undefined>;
  /** Name of the connection on the server. */
  readonly name: string;
  readonly timeoutMs: number;
}
