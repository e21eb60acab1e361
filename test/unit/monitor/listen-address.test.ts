import { expect, test } from 'vitest';
import { UsageError } from '../../../src/lib/errors.js';
import { parseListenAddress, urlOf } from '../../../src/lib/monitor/listen-address.js';

test.each([
  ['9464', { host: '127.0.0.1', port: 9464 }, 'http://127.0.0.1:9464'],
  ['0', { host: '127.0.0.1', port: 0 }, 'http://127.0.0.1:0'],
  ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }, 'http://127.0.0.1:9464'],
  ['[::1]:9464', { host: '::1', port: 9464 }, 'http://[::1]:9464'],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }, 'http://0.0.0.0:80'],
  ['localhost:65535', { host: 'localhost', port: 65_535 }, 'http://localhost:65535'],
])('%s is an address', (given, address, url) => {
  expect(parseListenAddress(given)).toEqual(address);
  expect(urlOf(address)).toBe(url);
});

test.each([
  '',
  ':9464',
  '65536',
  '999999',
  '-1',
  '9464x',
  'host:',
  '::1:9464',
  '[::1]',
  '[127.0.0.1]:1',
  '[]:1',
  'a b:1',
  'http://127.0.0.1:9464',
  '127.0.0.1:9464/metrics',
  '-x:1',
  '999.1.1.1.:1',
])('"%s" is none', (given) => {
  expect(() => parseListenAddress(given)).toThrow(UsageError);
});

test('a port behind a colon may mean two things, and both are said', () => {
  const error = (() => {
    try {
      return parseListenAddress(':9464', 'http');
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toMatchObject({
    message: 'http: expected <host>:<port> or a port from 0 to 65535, found ":9464"',
    suggestions: ['for this machine alone: 127.0.0.1:9464', 'for every network that it is in: 0.0.0.0:9464'],
  });
});
