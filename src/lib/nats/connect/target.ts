/** Where to connect and as whom. Made by config/target from flags, environment, context, config and defaults. */
export interface ConnectionTarget {
  /** `nats://host:port` or `tls://host:port`; credentials in a URL are used but never shown. */
  readonly servers: readonly string[];
  /** Where the server address came from, for messages: `--server`, `NATS_URL`, `context prod`, … */
  readonly source: string;
  /** Name of the connection on the server. */
  readonly name: string;
  /** Default: no credentials. */
  readonly auth?: Auth;
  /** Default: as the URL and the server say. */
  readonly tls?: TlsFiles;
  /** JetStream domain: the API is then `$JS.<domain>.API`. */
  readonly domain?: string;
  /** Subject prefix of the JetStream API, before `domain`. Default: `$JS.API`. */
  readonly apiPrefix?: string;
  /** First tokens of the subjects that answers come to. Default: `_INBOX`. */
  readonly inboxPrefix?: string;
  /** Name of the cluster that the server must be in; any other is left at once. Default: any. */
  readonly cluster?: string;
  /** Deadline of the first connection and of each request, in ms. */
  readonly timeoutMs: number;
}

/** What the server asks for; `creds` and `nkey` are the contents of the files. Several may be set. */
export interface Auth {
  /** User name. */
  readonly user?: string;
  /** Password of `user`. */
  readonly password?: string;
  /** Token, instead of a user and a password. */
  readonly token?: string;
  /** A credentials file's content: a user JWT and its seed. */
  readonly creds?: string;
  /** An nkey seed, `SU…`. */
  readonly nkeySeed?: string;
  /** A user JWT; `userSeed` signs for it. */
  readonly userJwt?: string;
  /** The nkey seed of `userJwt`. */
  readonly userSeed?: string;
}

/** Files for TLS. */
export interface TlsFiles {
  /** Certificate authority, PEM. Default: those that Node trusts. */
  readonly caFile?: string;
  /** Client certificate, PEM. */
  readonly certFile?: string;
  /** Key of the client certificate, PEM. */
  readonly keyFile?: string;
  /** TLS before the server says anything. Default: false. */
  readonly first?: boolean;
}

/** The servers without user, password or token: the only form that is printed. */
export function describeServers(servers: readonly string[]): string {
  return servers.map((server) => server.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')).join(',');
}
