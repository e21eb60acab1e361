/** Where to connect and as whom. Made by config/target from flags, environment, context, config and defaults. */
export interface ConnectionTarget {
  /** `nats://host:port` or `tls://host:port`; credentials in a URL are used but never shown. */
  readonly servers: readonly string[];
  /** Where the server address came from, for messages: `--server`, `NATS_URL`, `context prod`, … */
  readonly source: string;
  /** Name of the connection on the server. */
  readonly name: string;
  readonly auth?: Auth;
  readonly tls?: TlsFiles;
  /** JetStream domain: the API is then `$JS.<domain>.API`. */
  readonly domain?: string;
  readonly apiPrefix?: string;
  readonly inboxPrefix?: string;
  /** Deadline of the first connection and of each request, in ms. */
  readonly timeoutMs: number;
}

/** What the server asks for; `creds` and `nkey` are the contents of the files. Several may be set. */
export interface Auth {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly nkeySeed?: string;
  readonly userJwt?: string;
  readonly userSeed?: string;
}

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly first?: boolean;
}

/** The servers without user, password or token: the only form that is printed. */
export function describeServers(servers: readonly string[]): string {
  return servers.map((server) => server.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')).join(',');
}
