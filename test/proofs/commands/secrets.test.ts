import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createUser } from '@nats-io/nkeys';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startNats } from '../../support/nats-server.js';
import { operatorMode } from '../../support/operator-mode.js';
import { handlerText } from '../../support/project.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const tls = (name: string): string =>
  fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));

/** In every secret of this run, and in nothing else on this machine. */
const mark = `marked${process.pid}x${Date.now()}`;
const secret = (of: string): string => `${mark}-${of}`;

/** Command lines, of whatever process, that a secret stands in. */
async function commandLinesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text)).map((line) => line.replaceAll('\0', ' '));
}

test('what stands in the process list is found there', async () => {
  const waiting = execa(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)', secret('control')], {
    reject: false,
  });
  onTestFinished(() => void waiting.kill('SIGKILL'));
  await eventually('it is found', async () => (await commandLinesWith(secret('control'))).length === 1);
});

/** Folders and files below a folder that others than its owner may read. */
async function readableByOthers(folder: string): Promise<string[]> {
  const names = ['.', ...(await readdir(folder, { recursive: true }))];
  const found = await Promise.all(
    names.map(async (name) => {
      const mode = (await stat(join(folder, name)).catch(() => undefined))?.mode ?? 0;
      return (mode & 0o077) === 0 ? [] : [`${name} ${(mode & 0o777).toString(8)}`];
    }),
  );
  return found.flat();
}

/** A few at a time: each is a process. */
async function inLanes<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let item = items.shift(); item !== undefined; item = items.shift()) await work(item);
  };
  await Promise.all([lane(), lane(), lane()]);
}

/** A webhook that refuses everything. */
async function refusingWebhook(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(500).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/${secret('webhook')}`;
}

test('no secret stands in what a session prints, logs, or shows in the process list', async () => {
  const folder = await temporaryFolder();
  const key = createUser();
  const seed = new TextDecoder().decode(key.getSeed());
  const operator = await operatorMode();
  const creds = await operator.creds();
  const expired = await operator.creds({ expiresAt: 1 });
  const start = async (config: string) => {
    const server = await startNats({ config });
    onTestFinished(() => server.stop());
    return server.url;
  };
  const url = await start(
    `authorization { users = [{ user: ada, password: "${secret('password')}" }, { nkey: ${key.getPublicKey()} }] }`,
  );
  const credsUrl = await start(operator.config);
  const tlsUrl = await start(
    `tls { cert_file: "${tls('server.cert')}", key_file: "${tls('server.key')}", ca_file: "${tls('ca.cert')}", verify: true }`,
  );
  const config = {
    name: 'secrets',
    server: { url: url.replace('//', `//ada:${secret('config')}@`) },
    events: { job: {} },
    consumers: {
      worker: {
        events: ['job'],
        handler: './handler.mjs',
        attempts: 2,
        backoff: ['20ms'],
        retry: { delay: '20ms', attempts: 1 },
        onDeadLetter: { webhook: await refusingWebhook() },
      },
    },
  };
  const body = "if (context.cycle < 1) throw new Error('not yet'); context.log.trace('done');";
  const files: Readonly<Record<string, string>> = {
    'plutomi-events.config.json': JSON.stringify(config),
    'odd-url.json': JSON.stringify({ ...config, server: { url: `http://ada:${secret('odd-url')}@h` } }),
    'odd-hook.json': JSON.stringify({
      ...config,
      consumers: {
        worker: { ...config.consumers.worker, onDeadLetter: { webhook: `ftp://h/${secret('odd-hook')}` } },
      },
    }),
    'handler.mjs': handlerText(body),
    'user.nk': seed,
    'odd.nk': `SU${secret('odd-seed')}`,
    'worker.creds': creds,
    'expired.creds': expired,
    'odd.creds': `-----BEGIN NATS USER JWT-----\n${secret('odd-creds')}\n`,
    'data.json': JSON.stringify({ payload: secret('payload') }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const contexts = join(folder, 'xdg', 'nats', 'context');
  await mkdir(contexts, { recursive: true });
  const context = (name: string, text: string) => writeFile(join(contexts, `${name}.json`), text);
  await context('good', JSON.stringify({ url, user: 'ada', password: secret('password') }));
  await context('wrong', JSON.stringify({ url, user: 'ada', password: secret('context') }));
  await context('broken', `{"password": "${secret('broken-context')}",`);
  await context('odd', JSON.stringify({ url, user: 'ada', password: `op://${secret('reference')}` }));

  /** What was printed so far, with the command that did. */
  const printed: string[] = [];
  const by = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'xdg'), OUT: join(folder, 'out.log') };
  const ada = { NATS_URL: url, NATS_USER: 'ada', NATS_PASSWORD: secret('password') };
  const options = (env: Readonly<Record<string, string>>) => ({
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...by, ...env },
    extendEnv: false,
    reject: false as const,
    stdin: 'ignore' as const,
  });
  const cli = async (words: string, env: Readonly<Record<string, string>> = ada) => {
    const args = [bin, ...words.split(' '), '--log-level', 'trace', '--timeout', '10s'];
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, options(env));
    printed.push(`${words}\n${stdout}\n${stderr}`);
    return { exitCode, stdout };
  };
  const expectExit = async (code: number, words: string, env?: Readonly<Record<string, string>>) =>
    expect((await cli(words, env)).exitCode, words).toBe(code);

  await expectExit(0, 'pipeline apply --yes');
  // As the first process of a pid namespace: it starts itself as a child, with a watchdog.
  const run = execa(
    'unshare',
    ['--pid', '--fork', '--kill-child', process.execPath, bin, 'pipeline', 'run', '--log-level', 'trace'],
    options(ada),
  );
  onTestFinished(() => void run.kill('SIGKILL'));
  let logged = '';
  for (const stream of [run.stdout, run.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      logged += chunk.toString();
    });
  }
  await eventually('the pipeline runs', () => logged.includes('pipeline runs'), 30_000);
  await expectExit(0, `events publish job --data @data.json --header Authorization:${secret('header')}`);
  await eventually('it is told', () => logged.includes('alert about a dead letter failed'), 30_000);
  expect(await commandLinesWith(secret('password'))).toEqual([]);

  // What is asked for is shown; nothing else is.
  const show = await execa(process.execPath, [bin, 'dlq', 'show', 'worker/1', '--json'], options(ada));
  expect(show.stdout).toContain(secret('payload'));
  printed.push(`dlq show\n${show.stdout.replaceAll(secret('payload'), '').replaceAll(secret('header'), '')}`);

  await expectExit(0, 'dlq list --json');
  await expectExit(0, 'dlq replay --all --yes --wait --json');
  const reads = [
    'dlq list',
    'pipeline verify --json',
    'events explain 1',
    'advisories tail --no-follow --since 1h',
    'config show --json',
    'pipeline permissions --role runner',
  ];
  await inLanes(reads, (words) => expectExit(0, words));
  // Everything that may go wrong with a secret at hand.
  const none = {};
  await expectExit(0, 'dlq list', { NATS_CONTEXT: 'good' });
  await expectExit(0, `dlq list -s ${url} --nkey user.nk`, none);
  await expectExit(0, `pipeline apply --yes -s ${credsUrl} --creds worker.creds`, none);
  const certificate = `--tlsca ${tls('ca.cert')} --tlscert ${tls('client.cert')} --tlskey ${tls('client.key')}`;
  await expectExit(0, `pipeline apply --yes --json -s ${tlsUrl} ${certificate}`, none);
  const failures = [
    [4, 'dlq list --json', { ...ada, NATS_PASSWORD: secret('wrong') }],
    [4, 'dlq list', none],
    [4, 'dlq list', { NATS_CONTEXT: 'wrong' }],
    [4, 'pipeline run', { NATS_URL: url.replace('//', `//ada:${secret('url')}@`) }],
    [4, 'dlq list', { NATS_URL: `nats://ada:${secret('url')}@127.0.0.1:1` }],
    [4, 'dlq list', { NATS_URL: `nats://${secret('token')}@${url.slice('nats://'.length)}` }],
    [2, 'dlq list', { NATS_URL: `nats://ada:${secret('url')}@host:port` }],
    [2, 'dlq list', { NATS_CONTEXT: 'broken' }],
    [2, 'dlq list', { NATS_CONTEXT: 'odd' }],
    [2, 'dlq list --nkey odd.nk', none],
    [2, 'dlq list --creds odd.creds', none],
    [4, `dlq list -s ${credsUrl} --creds expired.creds`, none],
    [
      4,
      `dlq list -s ${tlsUrl} --tlsca ${tls('ca.cert')} --tlscert ${tls('localhost.cert')} --tlskey ${tls('client.key')}`,
      none,
    ],
    [2, 'config show -c odd-url.json', ada],
    [2, 'config show -c odd-hook.json', ada],
  ] as const;
  await inLanes([...failures], ([code, words, env]) => expectExit(code, words, env));
  // Flags stand in the process list while the command runs; what is printed must still not have them.
  await expectExit(4, `dlq list -s ${url} --user ada --password ${secret('flag')}`, none);
  run.kill('SIGTERM');
  await run;
  printed.push(`pipeline run\n${logged}`);

  expect(logged).toContain('"level":"trace"');
  const shown = printed.map((text) => text.replace(/^.*\n/, ''));
  const keyLines = (await readFile(tls('client.key'), 'utf8')).split('\n').slice(1, 3);
  const seeds = [creds, expired].map((text) => /SU[A-Z0-9]{56}/.exec(text)?.[0] ?? 'no seed');
  const tokens = [creds, expired].map((text) => /eyJ[\w.-]+/.exec(text)?.[0] ?? 'no token');
  for (const one of [mark, seed, ...seeds, ...tokens, ...keyLines]) {
    expect(
      shown.flatMap((text, i) => (text.includes(one) ? [`${printed[i]}`] : [])),
      one,
    ).toEqual([]);
  }
}, 180_000);

test('the embedded server: nobody else may read its files, and the process list has no secret', async () => {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, 'plutomi-events.config.json'),
    JSON.stringify({ name: 'embedded', events: { job: {} } }),
  );
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? folder,
    NATS_PASSWORD: secret('unused'),
    ...(process.env['NATS_SERVER_BIN'] === undefined
      ? {}
      : { NATS_SERVER_BIN: process.env['NATS_SERVER_BIN'] }),
  };
  const cli = (...words: string[]) =>
    execa('sh', ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, bin, ...words], {
      cwd: folder,
      env,
      extendEnv: false,
      stdin: 'ignore',
    });
  await cli('server', 'start');
  try {
    await cli('pipeline', 'apply', '--yes');
    await cli('events', 'publish', 'job', '--data', JSON.stringify(secret('payload-of-the-embedded')));
    expect(await commandLinesWith(secret('unused'))).toEqual([]);
    expect(await readableByOthers(join(folder, '.plutomi-events'))).toEqual([]);
  } finally {
    await cli('server', 'stop');
  }
  expect(await readableByOthers(join(folder, '.plutomi-events'))).toEqual([]);
}, 60_000);
