import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { describeError } from '../../../src/lib/cli/output/describe-error.js';
import { checkCredentials } from '../../../src/lib/connection/credentials.js';
import { readEnvFile } from '../../../src/lib/connection/env-file.js';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { readContext } from '../../../src/lib/connection/nats-context.js';
import { readServers } from '../../../src/lib/connection/server-urls.js';
import { PlutomiError } from '../../../src/lib/errors.js';
import { describeServers } from '../../../src/lib/nats/connect/target.js';
import { hostileText, mutated, nearly, unprintable } from '../../support/hostile.js';
import { property } from '../../support/property.js';
import { creds, seed } from './contexts.js';

const home = mkdtempSync(join(tmpdir(), 'plutomi-fuzz-'));
const contexts = join(home, 'config', 'nats', 'context');
mkdirSync(contexts, { recursive: true });
for (const [name, text] of Object.entries({ 'a.creds': creds, 'a.nk': seed, 'ca.pem': 'x' })) {
  writeFileSync(join(home, name), text);
}
const environment = readEnvironment(
  { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), TOKEN: 'from-env' },
  home,
);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const both = ['accepted', 'refused'];

/** Of one of our classes, and its text can be printed. */
function expectTyped(error: unknown): void {
  expect(error).toBeInstanceOf(PlutomiError);
  expect(describeError(error as Error).message).not.toMatch(unprintable);
}

async function settle<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const secret = fc.constant('Sup3rS3cret');
const serverUrl = fc
  .tuple(
    fc.constantFrom('', 'nats://', 'tls://', 'NATS://', 'ws://'),
    fc.option(
      fc.tuple(word, secret).map(([user, password]) => `${user}:${password}@`),
      { nil: '' },
    ),
    fc.constantFrom('localhost', '127.0.0.1', '[::1]', 'a.example.com'),
    fc.option(
      fc.nat({ max: 65_535 }).map((port) => `:${port}`),
      { nil: '' },
    ),
  )
  .map((parts) => parts.join(''));
const servers = fc.array(serverUrl, { minLength: 1, maxLength: 3 }).map((urls) => urls.join(','));

property('server URLs are read, or refused; either without their password', both, (seen) =>
  fc.property(nearly(servers), (text) => {
    const found = readServers(text);
    seen('problem' in found ? 'refused' : 'accepted');
    if ('problem' in found) {
      // What no @ follows is no password.
      if (/Sup3rS[^]*@/.test(text)) expect(found.problem).not.toContain('Sup3rS');
      return;
    }
    for (const url of found.urls) expect(url).toMatch(/^(?:nats|tls):\/\/[^@\s]+:\d+$/);
    expect(describeServers(text.split(','))).not.toContain('@');
    expect(readServers(found.urls.join(','))).toEqual({ urls: found.urls, tls: found.tls });
  }),
);

const context = fc.record(
  {
    description: hostileText,
    url: servers,
    token: fc.oneof(secret, fc.constantFrom('env://TOKEN', 'env://NONE', 'data:;base64,YQ==', 'op://x/y')),
    user: word,
    password: secret,
    creds: fc.constantFrom('a.creds', 'none.creds', `file://${home}/a.creds`, '~/a.creds', '$HOME/a.creds'),
    nkey: fc.constantFrom('a.nk', 'a.creds'),
    user_jwt: secret,
    user_seed: secret,
    cert: fc.constantFrom('ca.pem', 'none'),
    key: fc.constantFrom('ca.pem', 'none'),
    ca: fc.constantFrom('ca.pem', '.', 'env://CA'),
    nsc: fc.constantFrom('', 'nsc://o/a/u'),
    jetstream_domain: word,
    jetstream_api_prefix: word,
    inbox_prefix: word,
    socks_proxy: fc.constant(''),
    tls_first: fc.boolean(),
  },
  { requiredKeys: [] },
);

property('a context of the nats CLI is read, or refused without its secrets', both, (seen) => {
  const text = fc.oneof(
    { arbitrary: mutated(context).map((value) => JSON.stringify(value)), weight: 4 },
    nearly(context.map((value) => JSON.stringify(value))),
  );
  return fc.asyncProperty(text, async (text) => {
    writeFileSync(join(contexts, 'some.json'), text);
    const found = await settle(readContext('some', environment));
    seen('error' in found ? 'refused' : 'accepted');
    if (!('error' in found)) return;
    expectTyped(found.error);
    if (namesFile(text)) return;
    expect((found.error as Error).message).not.toContain('Sup3rS3cret');
  });
});

/** The mutation has put it where the name of a file stands: which file can't be read must be said. */
function namesFile(text: string): boolean {
  return /"(?:ca|cert|key|creds|nkey)":"[^"]*Sup3rS3cret/.test(text);
}

property('a name of a context is one that exists, or refused', both, (seen) => {
  writeFileSync(join(contexts, 'prod.json'), '{}');
  return fc.asyncProperty(nearly(fc.constantFrom('prod', 'prodd', '../prod', 'x')), async (name) => {
    const found = await settle(readContext(name, environment));
    seen('error' in found ? 'refused' : 'accepted');
    if ('error' in found) expectTyped(found.error);
    else expect(['prod', 'some']).toContain(name);
  });
});

property('credentials are what they should be, or refused without any of their text', both, (seen) =>
  fc.property(
    fc.constantFrom('creds' as const, 'nkey' as const),
    nearly(fc.constantFrom(creds, seed)),
    (kind, text) => {
      let found: unknown;
      try {
        found = checkCredentials(kind, '--creds x', text);
      } catch (error) {
        found = error;
      }
      seen(typeof found === 'string' ? 'accepted' : 'refused');
      if (typeof found === 'string') expect(text).toContain(found);
      else {
        expectTyped(found);
        expect((found as Error).message).not.toContain('SUAAVV');
      }
    },
  ),
);

const envLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', 'export ', '  '),
      fc.stringMatching(/^FUZZED_[A-Z]{1,4}$/),
      fc.constantFrom('=', ' = '),
      fc.oneof(word, fc.constantFrom('"two\nlines"', "'q'", '`b`', '', '"x" # y', 'a#b')),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('', '# comment', '   '),
);
const envText = fc.array(envLine, { maxLength: 5 }).map((lines) => lines.join('\n'));

property('an env file is loaded, or refused with its line and none of its text', both, (seen) => {
  const folder = mkdtempSync(join(home, 'env-'));
  return fc.asyncProperty(nearly(envText), async (text) => {
    writeFileSync(join(folder, '.env'), text);
    const found = await settle(readEnvFile(folder, { uid: process.getuid?.(), folders: [] }));
    seen('error' in found ? 'refused' : 'accepted');
    if (!('error' in found)) return;
    expectTyped(found.error);
    expect((found.error as Error).message).toMatch(/\.env:\d+: expected NAME=value, found something else$/);
  });
});
