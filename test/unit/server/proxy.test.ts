import { describe, expect, test } from 'vitest';
import { proxyFor } from '../../../src/lib/server/proxy.js';

const target = new URL('https://github.com/nats-io');

test('the scheme of the URL decides which proxy', () => {
  const settings = { httpProxy: 'http://plain:3128', httpsProxy: 'http://secure:3128' };
  expect(proxyFor(target, settings)?.host).toBe('secure:3128');
  expect(proxyFor(new URL('http://github.com'), settings)?.host).toBe('plain:3128');
  expect(proxyFor(target, { httpProxy: 'http://plain:3128' })).toBeUndefined();
});

test('a proxy without a scheme is an http one', () => {
  expect(proxyFor(target, { httpsProxy: 'proxy.example.com:3128' })?.href).toBe(
    'http://proxy.example.com:3128/',
  );
});

test('an unusable proxy is an error that names the variable and not its value', () => {
  const settings = { httpsProxy: 'socks5://user:secret@proxy' };
  expect(() => proxyFor(target, settings)).toThrow(/HTTPS_PROXY is not a URL such as/);
  expect(() => proxyFor(target, settings)).not.toThrow(/secret/);
});

describe('NO_PROXY', () => {
  test.each([
    ['*', true],
    ['github.com', true],
    ['.github.com', true],
    ['*.github.com', true],
    ['GitHub.com', true],
    ['localhost, github.com', true],
    ['localhost github.com', true],
    ['github.com:443', true],
    ['github.com:8443', false],
    ['hub.com', false],
    ['api.github.com', false],
    ['', false],
  ])('%j: bypassed is %j', (noProxy, bypassed) => {
    expect(proxyFor(target, { httpsProxy: 'http://proxy:1', noProxy }) === undefined).toBe(bypassed);
  });

  test('names a host and everything below it', () => {
    const settings = { httpsProxy: 'http://proxy:1', noProxy: 'github.com' };
    expect(proxyFor(new URL('https://api.github.com'), settings)).toBeUndefined();
  });

  test('takes IPv6 addresses', () => {
    expect(
      proxyFor(new URL('http://[::1]:80/'), { httpProxy: 'http://proxy:1', noProxy: '[::1]' }),
    ).toBeUndefined();
  });
});
