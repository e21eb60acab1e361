import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTcp } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createUser } from '@nats-io/nkeys';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startNats } from '../../support/nats-server.js';
import { listen } from '../../support/ports.js';
import { operatorMode } from '../../support/operator-mode.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const tls = (name: string): string =>
  fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));
const config = { name: 'connections', events: { job: {} } };

interface Outcome {
  readonly exitCode: number | undefined;
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** A folder with a config, and `pipeline apply --yes` run in it with little in its environment. */
async function client(files: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return {
    folder,
    context: async (name: string, fields: Readonly<Record<string, string>>) => {
      const place = join(folder, 'xdg', 'nats', 'context');
      await mkdir(place, { recursive: true });
      await writeFile(join(place, `${name}.json`), JSON.stringify(fields));
    },
    apply: async (words: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
      const args = [
        'pipeline',
        'apply',
        '--yes',
        '--json',
        ...words.split(' ').filter((word) => word !== ''),
      ];
      const { exitCode, stdout } = await execa(process.execPath, [bin, ...args], {
        cwd: folder,
        env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'xdg'), ...env },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
      const answer = JSON.parse(stdout) as { applied?: boolean; error?: Omit<Outcome, 'exitCode'> };
      const nothing = { code: answer.applied === undefined ? 'unknown' : '', message: '', suggestions: [] };
      return { exitCode, ...nothing, ...answer.error };
    },
  };
}

async function serve(text: string): Promise<{ readonly url: string; readonly tlsUrl: string }> {
  const server = await startNats({ config: text });
  onTestFinished(() => server.stop());
  return { url: server.url, tlsUrl: server.url.replace('nats://', 'tls://') };
}

const connected = { exitCode: 0, code: '' };
const refusedLogin = {
  exitCode: 4,
  code: 'NOT_ALLOWED',
  suggestions: [expect.stringContaining('check the credentials')],
};

describe('each way to log in, by the real binary', () => {
  test('user and password: flags, variables, the URL, a context', async () => {
    const { url } = await serve('authorization { users = [{ user: ada, password: "pass,w0rd" }] }');
    const c = await client();
    await c.context('ada', { url, user: 'ada', password: 'pass,w0rd' });
    await c.context('wrong', { url, user: 'ada', password: 'not-it' });
    expect(await c.apply(`--server ${url} --user ada --password pass,w0rd`)).toMatchObject(connected);
    const env = { NATS_URL: url, NATS_USER: 'ada', NATS_PASSWORD: 'pass,w0rd' };
    expect(await c.apply('', env)).toMatchObject(connected);
    expect(await c.apply(`--server ${url.replace('//', '//ada:pass%2Cw0rd@')}`)).toMatchObject(connected);
    expect(await c.apply('', { NATS_CONTEXT: 'ada' })).toMatchObject(connected);
    // The flag is stronger than the variables, the context of a flag too.
    expect(await c.apply('--context ada', { ...env, NATS_PASSWORD: 'not-it' })).toMatchObject(connected);
    const wrong = await c.apply('--context wrong', env);
    expect(wrong).toMatchObject(refusedLogin);
    expect(wrong.message).toContain(`connect to ${url} (from context wrong)`);
    expect(wrong.message).not.toContain('not-it');
    expect(await c.apply(`--server ${url}`)).toMatchObject(refusedLogin);
  }, 60_000);

  test('a token: flag, the URL, a context', async () => {
    const { url } = await serve('authorization { token: "t0ken" }');
    const c = await client();
    await c.context('by-token', { url, token: 'env://MY_TOKEN' });
    expect(await c.apply(`--server ${url} --user t0ken`)).toMatchObject(connected);
    expect(await c.apply('', { NATS_URL: url.replace('//', '//t0ken@') })).toMatchObject(connected);
    expect(await c.apply('--context by-token', { MY_TOKEN: 't0ken' })).toMatchObject(connected);
    expect(await c.apply('--context by-token', { MY_TOKEN: 'other' })).toMatchObject(refusedLogin);
  }, 60_000);

  test('an nkey: flag, a context', async () => {
    const key = createUser();
    const { url } = await serve(`authorization { users = [{ nkey: ${key.getPublicKey()} }] }`);
    const seed = new TextDecoder().decode(key.getSeed());
    const other = new TextDecoder().decode(createUser().getSeed());
    const c = await client({ 'user.nk': `${seed}\n`, 'other.nk': other });
    await c.context('by-nkey', { url, nkey: '~/user.nk' });
    expect(await c.apply(`--server ${url} --nkey user.nk`)).toMatchObject(connected);
    expect(await c.apply('--context by-nkey')).toMatchObject(connected);
    expect(await c.apply(`--server ${url} --nkey other.nk`)).toMatchObject(refusedLogin);
  }, 60_000);

  test('creds, in operator mode: flag, a context; expired ones are told so', async () => {
    const operator = await operatorMode();
    const { url } = await serve(operator.config);
    const seconds = Math.floor(Date.now() / 1000);
    const c = await client({
      'worker.creds': await operator.creds(),
      'expired.creds': await operator.creds({ expiresAt: seconds - 60 }),
      'foreign.creds': await (await operatorMode()).creds(),
      'few.creds': await operator.creds({ publish: ['$JS.API.STREAM.INFO.*', '$JS.API.STREAM.MSG.GET.*'] }),
    });
    await c.context('by-creds', { url, creds: '$HOME/worker.creds' });
    expect(await c.apply(`--server ${url} --creds worker.creds`)).toMatchObject(connected);
    expect(await c.apply('--context by-creds')).toMatchObject(connected);
    expect(await c.apply(`--server ${url} --creds foreign.creds`)).toMatchObject(refusedLogin);
    expect(await c.apply(`--server ${url} --creds few.creds`)).toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('lacks the permission to publish to $JS.API.CONSUMER.'),
    });
    const expired = await c.apply(`--server ${url} --creds expired.creds`);
    expect(expired).toMatchObject({ exitCode: 4, code: 'NOT_ALLOWED' });
    expect(expired.message).toContain('the credentials expired at ');
    expect(expired.suggestions).toEqual([expect.stringContaining('get new ones')]);
  }, 60_000);

  test('TLS with a private authority: flag, a context; without it, or with another name, no connection', async () => {
    const pair = (name: string) =>
      `tls { cert_file: "${tls(`${name}.cert`)}", key_file: "${tls(`${name}.key`)}" }`;
    const { tlsUrl } = await serve(pair('server'));
    const url = tlsUrl.replace('tls://', 'nats://');
    const elsewhere = await serve(pair('elsewhere'));
    const plain = await serve('');
    const c = await client();
    await c.context('by-tls', { url, ca: tls('ca.cert') });
    const ca = `--tlsca ${tls('ca.cert')}`;
    expect(await c.apply(`--server ${tlsUrl} ${ca}`)).toMatchObject(connected);
    expect(await c.apply(`--server ${url} ${ca}`)).toMatchObject(connected);
    expect(await c.apply('--context by-tls')).toMatchObject(connected);
    for (const words of [`--server ${url}`, `--server ${tlsUrl} --tlsca ${tls('localhost.cert')}`]) {
      const untrusted = await c.apply(words);
      expect(untrusted, words).toMatchObject({ exitCode: 4, code: 'CANNOT_CONNECT' });
      expect(untrusted.message, words).toMatch(/certificate/);
      expect(untrusted.suggestions, words).toEqual([expect.stringContaining('--tlsca')]);
    }
    const misnamed = await c.apply(`--server ${elsewhere.url} ${ca}`);
    expect(misnamed).toMatchObject({ exitCode: 4, code: 'CANNOT_CONNECT' });
    expect(misnamed.message).toContain('elsewhere.test');
    const noTls = await c.apply(`--server ${plain.tlsUrl}`);
    expect(noTls).toMatchObject({ exitCode: 4, code: 'CANNOT_CONNECT' });
    expect(noTls.message).toMatch(/TLS/i);
  }, 60_000);

  test('mutual TLS: flags, a context; without or with a wrong certificate, no connection', async () => {
    const { url } = await serve(
      `tls { cert_file: "${tls('server.cert')}", key_file: "${tls('server.key')}", ca_file: "${tls('ca.cert')}", verify: true }`,
    );
    const c = await client();
    const files = { ca: tls('ca.cert'), cert: tls('client.cert'), key: tls('client.key') };
    await c.context('by-certificate', { url, ...files });
    const ca = `--server ${url} --tlsca ${files.ca}`;
    expect(await c.apply(`${ca} --tlscert ${files.cert} --tlskey ${files.key}`)).toMatchObject(connected);
    expect(await c.apply('--context by-certificate')).toMatchObject(connected);
    const stranger = `--tlscert ${tls('localhost.cert')} --tlskey ${tls('localhost.key')}`;
    for (const words of [ca, `${ca} ${stranger}`]) {
      const refused = await c.apply(`${words} --timeout 3s`);
      expect(refused, words).toMatchObject({ exitCode: 4, code: 'CANNOT_CONNECT' });
      expect(refused.message, words).toMatch(/certificate/);
      expect(refused.suggestions, words).toEqual([expect.stringContaining('--tlscert')]);
    }
    const mixed = await c.apply(`${ca} --tlscert ${files.cert} --tlskey ${tls('localhost.key')}`);
    expect(mixed).toMatchObject({ exitCode: 4, code: 'CANNOT_CONNECT' });
    expect(mixed.message).toMatch(/key/);
  }, 60_000);
});

describe('as the nats CLI takes it', () => {
  test('the variables NATS_NKEY, NATS_CREDS and NATS_TOKEN, --token, and files that are pipes', async () => {
    const key = createUser();
    const seed = new TextDecoder().decode(key.getSeed());
    const nkey = await serve(`authorization { users = [{ nkey: ${key.getPublicKey()} }] }`);
    const token = await serve('authorization { token: "t0ken" }');
    const operator = await operatorMode();
    const creds = await serve(operator.config);
    const c = await client({ 'user.nk': seed, 'worker.creds': await operator.creds() });
    expect(await c.apply('', { NATS_URL: nkey.url, NATS_NKEY: 'user.nk' })).toMatchObject(connected);
    expect(await c.apply('', { NATS_URL: creds.url, NATS_CREDS: 'worker.creds' })).toMatchObject(connected);
    expect(await c.apply('', { NATS_URL: token.url, NATS_TOKEN: 't0ken' })).toMatchObject(connected);
    expect(await c.apply(`--server ${token.url} --token t0ken`)).toMatchObject(connected);
    // A flag is stronger, and what nobody needs may be missing.
    const stale = { NATS_NKEY: '/nowhere' };
    expect(await c.apply(`--server ${token.url} --token t0ken`, stale)).toMatchObject(connected);
    expect(await c.apply(`--server ${nkey.url}`, stale)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("NATS_NKEY: can't read /nowhere: there is no such file"),
    });
    const both = await c.apply('', { NATS_URL: token.url, NATS_TOKEN: 't0ken', NATS_NKEY: 'user.nk' });
    expect(both).toMatchObject({ exitCode: 2, message: expect.stringContaining('exclude each other') });
    for (const script of [
      'pe --nkey <(cat user.nk)',
      'pe --nkey /dev/stdin < user.nk',
      'cat user.nk | pe --nkey /dev/stdin',
    ]) {
      const words = `pe() { ${process.execPath} ${bin} pipeline apply --yes --server ${nkey.url} "$@"; }; ${script}`;
      const options = { cwd: c.folder, reject: false, env: { HOME: c.folder } } as const;
      expect(await execa('bash', ['-c', words], options), script).toMatchObject({ exitCode: 0 });
    }
  }, 60_000);

  test('NATS_CA, NATS_CERT and NATS_KEY', async () => {
    const { url } = await serve(
      `tls { cert_file: "${tls('server.cert')}", key_file: "${tls('server.key')}", ca_file: "${tls('ca.cert')}", verify: true }`,
    );
    const c = await client();
    const env = { NATS_URL: url, NATS_CA: tls('ca.cert'), NATS_CERT: tls('client.cert') };
    expect(await c.apply('', { ...env, NATS_KEY: tls('client.key') })).toMatchObject(connected);
    expect(await c.apply('', env)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('NATS_KEY'),
    });
  }, 60_000);

  test('a password with all that a URL gives a meaning to', async () => {
    const password = 'ODC05x7iS/uceWs#B@9?x:y%';
    const { url } = await serve(`authorization { users = [{ user: app, password: "${password}" }] }`);
    const c = await client();
    for (const written of [password, encodeURIComponent(password)]) {
      expect(await c.apply('', { NATS_URL: url.replace('//', `//app:${written}@`) }), written).toMatchObject(
        connected,
      );
    }
    const refused = await c.apply(`--server ${url.replace('//', '//app:s3cret/no#t@')}`);
    expect(refused).toMatchObject(refusedLogin);
    expect(JSON.stringify(refused)).not.toContain('s3cret');
  }, 60_000);

  test('TLS that somebody else ends in front of a server without it', async () => {
    const { url } = await serve('');
    const [key, cert] = [
      await readFile(tls('server.key'), 'utf8'),
      await readFile(tls('server.cert'), 'utf8'),
    ];
    const port = await listen(
      createTls({ key, cert }, (socket) => {
        const inner = connectTcp(Number(new URL(url).port), '127.0.0.1');
        socket.pipe(inner).pipe(socket);
        for (const one of [socket, inner])
          one.on('error', () => [socket, inner].map((other) => other.destroy()));
      }),
    );
    const c = await client();
    const words = `--server tls://127.0.0.1:${port} --tlsca ${tls('ca.cert')}`;
    expect(await c.apply(words)).toMatchObject(connected);
    expect(await c.apply(`${words} --tls-first`)).toMatchObject(connected);
    expect(await c.apply(`--server tls://127.0.0.1:${port} --timeout 2s`)).toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('certificate'),
    });
  }, 60_000);

  test('an account without JetStream: what to do, at once', async () => {
    const { url } = await serve(
      'accounts { PLAIN: { users: [{ user: u, password: p }] }, JS: { jetstream: enabled, users: [{ user: j, password: p }] } }',
    );
    const c = await client();
    expect(await c.apply(`--server ${url} --user u --password p`)).toMatchObject({
      exitCode: 4,
      code: 'NO_JETSTREAM',
      message: expect.stringContaining('the account PLAIN has no JetStream'),
      suggestions: [expect.stringContaining('--user'), expect.stringContaining('enable it')],
    });
    const words = ['events', 'publish', 'job', '--json', '--server', url, '--user', 'u', '--password', 'p'];
    const { exitCode, stdout } = await execa(process.execPath, [bin, ...words], {
      cwd: c.folder,
      reject: false,
    });
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NO_JETSTREAM' } });
    expect(stdout).not.toContain('tries');
  }, 60_000);
});
