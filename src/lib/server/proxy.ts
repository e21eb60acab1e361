/** How to get out to the internet: the values of the environment variables named beside each. */
export interface ProxySettings {
  /** `HTTP_PROXY` or `http_proxy`: for `http:` URLs. */
  readonly httpProxy?: string;
  /** `HTTPS_PROXY` or `https_proxy`: for `https:` URLs. */
  readonly httpsProxy?: string;
  /** `NO_PROXY` or `no_proxy`: hosts to reach directly, separated by commas; `*` is all of them. */
  readonly noProxy?: string;
}

/**
 * The proxy to use for this URL, or undefined for none.
 *
 * An entry of NO_PROXY names a host and everything below it (`example.com`, also written `.example.com` or
 * `*.example.com`), with a port where only that one is meant (`example.com:8443`).
 *
 * @throws TypeError when the proxy is not an http or https URL.
 */
export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'https:' ? settings.httpsProxy : settings.httpProxy;
  if (proxy === undefined || proxy === '' || bypasses(url, settings.noProxy ?? '')) return undefined;
  const parsed = parseProxy(proxy);
  if (parsed === undefined) {
    const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    throw new TypeError(`${name} is not a URL such as http://proxy.example.com:3128`);
  }
  return parsed;
}

function parseProxy(text: string): URL | undefined {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    return ['http:', 'https:'].includes(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

function bypasses(url: URL, noProxy: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = '', onlyPort] = /^\[?(?:\*?\.)?([^\]]*?)\]?(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === '' || (onlyPort !== undefined && onlyPort !== port)) return false;
    return host === name || host.endsWith(`.${name}`);
  });
}
