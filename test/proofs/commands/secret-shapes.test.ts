import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createUser } from '@nats-io/nkeys';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const seed = new TextDecoder().decode(createUser().getSeed());
const body = Buffer.from(`{"jti":"marked"}`).toString('base64url');
const jwt = `${Buffer.from('{"typ":"JWT"}').toString('base64url')}.${body}.c2ln`;
const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;

/** Words that give a secret where something else is expected. */
const places: readonly ((secret: string) => readonly string[])[] = [
  (secret) => ['dlq', 'list', '--nkey', secret],
  (secret) => ['dlq', 'list', '--creds', secret],
  (secret) => ['dlq', 'list', '--tlsca', secret],
  (secret) => ['dlq', 'list', '--context', secret],
  (secret) => ['dlq', 'list', '--config', secret],
  (secret) => ['dlq', 'list', '--server', secret],
  (secret) => ['dlq', 'list', '--timeout', secret],
  (secret) => ['dlq', 'list', '--consumer', secret],
  (secret) => ['dlq', 'list', secret],
  (secret) => ['dlq', 'show', secret],
  (secret) => ['dlq', 'list', `--${secret}`],
  (secret) => ['events', 'publish', secret],
  (secret) => [secret],
];

test.each([
  ['seed', seed, seed.slice(2, 40)],
  ['JWT', jwt, body],
  ['PEM block', pem, body],
])(
  'a %s is never repeated, wherever it was given',
  async (_, secret, part) => {
    const cwd = await temporaryFolder();
    const config = {
      name: 'p',
      events: { job: {} },
      consumers: { worker: { events: ['job'], handler: secret } },
    };
    await writeFile(join(cwd, 'odd.json'), JSON.stringify(config));
    await writeFile(
      join(cwd, 'plutomi-events.config.json'),
      JSON.stringify({ name: 'p', events: { job: {} } }),
    );
    const contexts = join(cwd, 'config/nats/context');
    await mkdir(contexts, { recursive: true });
    for (const field of ['nkey', 'url', 'ca', 'inbox_prefix']) {
      const context = { url: 'nats://127.0.0.1:1', [field]: secret };
      await writeFile(join(contexts, `${field}.json`), JSON.stringify(context));
    }
    const env = { XDG_CONFIG_HOME: join(cwd, 'config'), NATS_URL: 'nats://127.0.0.1:1' };
    const calls = [
      ...places.map((words) => ({ words: words(secret), env: {} })),
      ...['nkey', 'url', 'ca', 'inbox_prefix'].map((name) => ({
        words: ['dlq', 'list', '--context', name],
        env,
      })),
      { words: ['config', 'show', '--config', 'odd.json'], env },
      { words: ['dlq', 'list'], env: { ...env, NATS_URL: secret } },
      { words: ['dlq', 'list'], env: { ...env, NATS_INBOX_PREFIX: secret } },
    ];
    const run = async (): Promise<void> => {
      for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
        for (const words of [call.words, [...call.words, '--json']]) {
          const options = {
            cwd,
            env: { NATS_URL: 'nats://127.0.0.1:1', ...call.env },
            extendEnv: false,
          } as const;
          const ended = await execa(process.execPath, [bin, ...words], {
            ...options,
            reject: false,
            all: true,
          });
          // A config is shown without its handlers being looked for.
          const expected = words[0] === 'config' ? [0] : [1, 2, 4];
          expect(expected).toContain(ended.exitCode);
          expect(ended.all).not.toContain(part);
        }
      }
    };
    await Promise.all([run(), run()]);
  },
  60_000,
);
