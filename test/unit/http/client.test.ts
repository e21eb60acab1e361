import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpClient } from '../../../src/lib/http/client.js';
import type { ProxySettings } from '../../../src/lib/http/proxy.js';
import { hiddenUrl, startMirror, startProxy } from '../../support/release-server.js';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function clientWith(proxies: ProxySettings): HttpClient {
  const client = new HttpClient(proxies);
  onTestFinished(() => client.close());
  return client;
}

async function bodyAt(url: string, proxies: ProxySettings = {}): Promise<string> {
  const client = clientWith(proxies);
  const { body } = await client.request(new URL(url), { method: 'GET', idleMs: 5000 });
  return text(body);
}

describe('NO_PROXY', () => {
  test.each([
    ['*', true],
    ['a.test,*', true],
    ['mirror.test', true],
    ['.mirror.test', true],
    ['*.mirror.test', true],
    ['test', true],
    ['MIRROR.test', true],
    ['localhost mirror.test', true],
    ['mirror.test:1', false],
    ['irror.test', false],
    ['api.mirror.test', false],
    ['', false],
  ])('%j: goes past the proxy: %j', async (noProxy, past) => {
    const mirror = await startMirror({ '/': 'here' });
    const proxy = await startProxy();
    const answer = bodyAt(`${hiddenUrl(mirror)}/`, { httpProxy: proxy.url, noProxy });
    // Only the proxy knows that name.
    if (past) await expect(answer).rejects.toThrow(/mirror\.test/);
    else expect(await answer).toBe('here');
    expect(proxy.requests).toHaveLength(past ? 0 : 1);
  });

  test('takes IPv6 addresses, with and without brackets', async () => {
    const proxy = await startProxy();
    for (const noProxy of ['::1', '[::1]'])
      await expect(bodyAt('http://[::1]:9/', { httpProxy: proxy.url, noProxy })).rejects.toThrow(/::1/);
    expect(proxy.requests).toEqual([]);
  });
});

test('an http URL is handed to the proxy as it is, with the user and password of both', async () => {
  const seen: IncomingMessage[] = [];
  const port = await serve((request, response) => response.end(`${seen.push(request)}`));
  const proxy = await startProxy('me:p@ss');
  const httpProxy = proxy.url.replace('//', '//me:p%40ss@');
  expect(await bodyAt(`http://ada:s%3Acret%25%zz@hook.test:${port}/x?y=1`, { httpProxy })).toBe('1');
  expect(proxy.requests).toEqual([`GET http://hook.test:${port}/x?y=1`]);
  const { authorization = '' } = seen[0]?.headers ?? {};
  expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe('ada:s%3Acret%25%zz');
});

test('the environment of the process is not read', async () => {
  const proxy = await startProxy();
  const mirror = await startMirror({ '/': 'here' });
  const before = { ...process.env };
  onTestFinished(() => void (process.env = before));
  process.env['HTTP_PROXY'] = process.env['http_proxy'] = proxy.url;
  expect(await bodyAt(`${mirror.url}/`)).toBe('here');
  expect(proxy.requests).toEqual([]);
});

test('a proxy that refuses is named, without its password', async () => {
  const proxy = await startProxy('me:right');
  const { host } = new URL(proxy.url);
  const wrong = proxy.url.replace('//', '//me:wrong@');
  await expect(bodyAt('http://mirror.test/', { httpProxy: wrong })).rejects.toThrow(
    `the proxy ${host} answers 407 to the request`,
  );
  await expect(bodyAt('https://mirror.test/', { httpsProxy: wrong })).rejects.toThrow(
    `the proxy ${host} answers 407 to CONNECT mirror.test:443`,
  );
});

test('a server that never answers is given up', async () => {
  const port = await serve(() => {});
  const client = clientWith({});
  const url = new URL(`http://127.0.0.1:${port}/secret`);
  await expect(client.request(url, { method: 'GET', idleMs: 60_000, timeoutMs: 100 })).rejects.toThrow(
    /^no answer within 100 ms$/,
  );
});
