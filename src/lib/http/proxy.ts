/** How to get out to the internet: the values of the environment variables named beside each. */
export interface ProxySettings {
  /** `HTTP_PROXY` or `http_proxy`: for `http:` URLs. */
  readonly httpProxy?: string;
  /** `HTTPS_PROXY` or `https_proxy`: for `https:` URLs. */
  readonly httpsProxy?: string;
  /** `NO_PROXY` or `no_proxy`: hosts to reach directly, with all below them, separated by commas; `*` is all of them. */
  readonly noProxy?: string;
}

/**
 * The proxy for URLs of this protocol; undefined: none is set. One without a scheme is an http one.
 *
 * @throws TypeError, without its value, when it is not an http or https URL
 */
export function proxyOf(protocol: string, settings: ProxySettings): URL | undefined {
  const secure = protocol === 'https:';
  const text = secure ? settings.httpsProxy : settings.httpProxy;
  if (text === undefined || text === '') return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(full) ? new URL(full) : undefined;
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  throw new TypeError(
    `${secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not a URL such as http://proxy.example.com:3128`,
  );
}

/** NO_PROXY in the words that undici understands: a `*` alone, and IPv6 addresses in brackets. */
export function noProxyOf({ noProxy = '' }: ProxySettings): string {
  const entries = noProxy.split(/[\s,]+/);
  if (entries.includes('*')) return '*';
  return entries
    .map((entry) => (/^[\da-f]*:[\da-f.]*:[\da-f:.]*$/i.test(entry) ? `[${entry}]` : entry))
    .join(',');
}
