/** The `domain` that a server or an answer of its API gives, and the client's types leave out; empty: none. */
function domainOf(told: object | undefined): string {
  const { domain } = (told ?? {}) as { readonly domain?: unknown };
  return typeof domain === 'string' ? domain : '';
}

/**
 * The JetStream domain that a connection works in. Streams of the same names and subjects in another domain answer
 * too, across a leaf node: only what comes from here is ours.
 *
 * Before the API has answered it is a guess: an account may lead its requests elsewhere.
 */
export class Home {
  private current: string | undefined;
  private ofServer: string;

  constructor(
    private readonly apiPrefix: string,
    server: object | undefined,
  ) {
    this.ofServer = domainOf(server);
    this.current = this.guess();
  }

  /** Connected again, perhaps to a server that was given another domain. */
  reconnected(server: object | undefined): void {
    if (domainOf(server) === this.ofServer) return;
    this.ofServer = domainOf(server);
    this.current = this.guess();
  }

  /** Empty: the servers have none. Undefined: not known. */
  get domain(): string | undefined {
    return this.current;
  }

  /** Did an answer, or the server's word, come from here? Where that is not known, yes. */
  isFrom(domain: string | undefined): boolean {
    return this.current === undefined || this.current === (domain ?? '');
  }

  /** An answer of the API says where it is from. */
  learn(answer: object): void {
    this.current = domainOf(answer);
  }

  private guess(): string | undefined {
    if (this.apiPrefix === '$JS.API') return this.ofServer;
    return domainOfApi(this.apiPrefix);
  }
}

/** The domain in `$JS.<domain>.API` and what begins with it. */
export function domainOfApi(subject: string): string | undefined {
  return /^\$JS\.([^.]+)\.API(?:\.|$)/.exec(subject)?.[1];
}

/** Where a stream is, for messages. */
export function inDomain(domain: string | undefined): string {
  return domain ? `in the JetStream domain "${domain}"` : 'outside any JetStream domain';
}
