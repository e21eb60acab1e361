import { expect, test } from 'vitest';
import { noProxyOf, proxyOf } from '../../../src/lib/http/proxy.js';

test('the scheme of the URL decides which proxy', () => {
  const settings = { httpProxy: 'http://plain:3128', httpsProxy: 'http://secure:3128' };
  expect(proxyOf('https:', settings)?.host).toBe('secure:3128');
  expect(proxyOf('http:', settings)?.host).toBe('plain:3128');
  expect(proxyOf('https:', { httpProxy: 'http://plain:3128' })).toBeUndefined();
});

test('a proxy without a scheme is an http one, an empty one is none', () => {
  expect(proxyOf('https:', { httpsProxy: 'proxy.example.com:3128' })?.href).toBe(
    'http://proxy.example.com:3128/',
  );
  expect(proxyOf('https:', { httpsProxy: '' })).toBeUndefined();
});

test.each(['socks5://user:secret@proxy', 'http://user:secret@', '://secret'])(
  'an unusable proxy %s is an error that names the variable and not its value',
  (httpsProxy) => {
    expect(() => proxyOf('https:', { httpsProxy })).toThrow(/^HTTPS_PROXY is not a URL such as/);
    expect(() => proxyOf('https:', { httpsProxy })).not.toThrow(/secret/);
  },
);

test.each([
  ['localhost, example.com', 'localhost,example.com'],
  ['a b\tc', 'a,b,c'],
  ['example.com,*', '*'],
  ['::1,[::1]:8080,fe80::1', '[::1],[::1]:8080,[fe80::1]'],
  ['127.0.0.1:8080', '127.0.0.1:8080'],
  ['', ''],
])('NO_PROXY %j', (noProxy, normal) => {
  expect(noProxyOf({ noProxy })).toBe(normal);
});
