import { describe, expect, test } from 'vitest';
import { domainOfApi, Home } from '../../../src/lib/nats/home.js';

describe('where a connection works', () => {
  test.each([
    ['$JS.API', {}, ''],
    ['$JS.API', { domain: 'leaf' }, 'leaf'],
    ['$JS.hub.API', { domain: 'leaf' }, 'hub'],
    ['imported.js', { domain: 'leaf' }, undefined],
  ])('with the API at %s of a server that says %o: %s', (prefix, facts, domain) => {
    expect(new Home(prefix, facts).domain).toBe(domain);
  });

  test('no domain is a domain too; only what is not known takes everything', () => {
    const outside = new Home('$JS.API', {});
    expect([outside.isFrom(undefined), outside.isFrom('leaf')]).toEqual([true, false]);
    const leaf = new Home('$JS.API', { domain: 'leaf' });
    expect([leaf.isFrom('leaf'), leaf.isFrom('hub'), leaf.isFrom(undefined)]).toEqual([true, false, false]);
    const unknown = new Home('imported.js', { domain: 'leaf' });
    expect([unknown.isFrom('hub'), unknown.isFrom(undefined)]).toEqual([true, true]);
  });

  test('the answer of the API stands above what was guessed, until the server has another domain', () => {
    const home = new Home('$JS.API', { domain: 'leaf' });
    home.learn({ domain: 'hub' });
    home.reconnected({ domain: 'leaf' });
    expect(home.domain).toBe('hub');
    home.reconnected({ domain: 'edge' });
    expect(home.domain).toBe('edge');
  });
});

test.each([
  ['$JS.hub.API.STREAM.INFO.events', 'hub'],
  ['$JS.hub.API', 'hub'],
  ['$JS.API.STREAM.INFO.events', undefined],
  ['$JS.API.STREAM.INFO.API', undefined],
  ['events.API.x', undefined],
])('the domain in %s', (subject, domain) => {
  expect(domainOfApi(subject)).toBe(domain);
});
