import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stopFolderServer } from '../../src/lib/dev-server/folder-server.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { readInfo } from '../../src/lib/dev-server/ready.js';
import { readServerState } from '../../src/lib/dev-server/state.js';
import { PINNED_VERSION } from '../../src/lib/dev-server/install/versions.js';
import { serverBinary } from '../support/nats-server.js';
import { hiddenUrl, makeRelease, releaseFiles, startMirror, startProxy } from '../support/release-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const tls = new URL('../support/tls/', import.meta.url);
const hasSystemServer = ['/usr/sbin', '/usr/local/sbin'].some((folder) =>
  existsSync(`${folder}/nats-server`),
);

interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `plutomi-events server <words>` without a terminal and with nothing in its environment but `env`. */
async function server(words: string, cwd: string, env: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [bin, 'server', ...words.split(' ')],
    options,
  );
  return { exitCode, stdout, stderr };
}

describe('server start and stop', () => {
  test('start leaves a server behind, start again says where it is, stop ends it', async () => {
    const cwd = await temporaryFolder();
    onTestFinished(async () => void (await stopFolderServer({ cwd, clock: systemClock, pid: process.pid })));
    const env = { NATS_SERVER_BIN: await serverBinary() };

    const first = await server('start --json', cwd, env);
    expect(first).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('plutomi-events server stop'),
    });
    const state = await readServerState(cwd);
    expect(JSON.parse(first.stdout)).toEqual({ url: state?.url, pid: state?.pid, store: state?.store });
    expect((await readInfo(state?.url ?? '', 1_000)).jetstream).toBe(true);

    const again = await server('start', cwd, env);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain(`is already running at ${state?.url} (pid ${state?.pid})`);
    expect(await server('start --json --port 1', cwd, env)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('"SERVER_ON_OTHER_PORT"'),
    });

    const stop = await server('stop --json', cwd);
    expect(stop.exitCode).toBe(0);
    expect(JSON.parse(stop.stdout)).toEqual(JSON.parse(first.stdout));
    expect(await readServerState(cwd)).toBeUndefined();
    expect(await server('stop', cwd)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: /no nats-server runs for/,
    });
  });

  test.runIf(!hasSystemServer)(
    'without a nats-server and a terminal, start names the command that installs one',
    async () => {
      const cwd = await temporaryFolder();
      const ended = await server('start --json', cwd, { PATH: '', XDG_CACHE_HOME: cwd });
      expect(ended.exitCode).toBe(1);
      expect(JSON.parse(ended.stdout)).toMatchObject({
        error: { code: 'NO_NATS_SERVER', suggestions: ['plutomi-events server install'] },
      });
      expect(existsSync(`${cwd}/.plutomi-events`)).toBe(false);
    },
  );

  test('a port that is none is a usage error', async () => {
    expect(await server('start --port 65536', await temporaryFolder())).toMatchObject({
      exitCode: 2,
      stdout: '',
    });
  });
});

describe('server install', () => {
  test('from a TLS mirror through the tunnel of HTTPS_PROXY', async () => {
    const cwd = await temporaryFolder();
    const [key, cert] = await Promise.all(
      ['localhost.key.pem', 'localhost.cert.pem'].map((name) => readFile(new URL(name, tls))),
    );
    const release = releaseFiles(PINNED_VERSION, await makeRelease(PINNED_VERSION));
    const mirror = await startMirror(release, { key: key ?? Buffer.of(), cert: cert ?? Buffer.of() });
    const proxy = await startProxy('me:secret');

    const ended = await server('install --json', cwd, {
      PATH: process.env.PATH ?? '',
      XDG_CACHE_HOME: cwd,
      PLUTOMI_NATS_MIRROR: hiddenUrl(mirror),
      https_proxy: proxy.url.replace('//', '//me:secret@'),
      NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('localhost.cert.pem', tls)),
    });

    expect(ended).toMatchObject({ exitCode: 0, stderr: `fetching nats-server ${PINNED_VERSION}` });
    const path = `${cwd}/plutomi-events/nats-server/${PINNED_VERSION}/nats-server`;
    expect(JSON.parse(ended.stdout)).toEqual({ path, version: PINNED_VERSION });
    expect(mirror.requests).toHaveLength(2);
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${new URL(hiddenUrl(mirror)).host}`]));
  });

  test('the version asked for, and that it is there already', async () => {
    const cwd = await temporaryFolder();
    const mirror = await startMirror(releaseFiles('2.12.3', await makeRelease('2.12.3')));
    const env = { PATH: process.env.PATH ?? '', XDG_CACHE_HOME: cwd, PLUTOMI_NATS_MIRROR: mirror.url };
    expect(await server('install --version v2.12.3', cwd, env)).toMatchObject({
      exitCode: 0,
      stdout: `nats-server 2.12.3 is installed: ${cwd}/plutomi-events/nats-server/2.12.3/nats-server`,
    });
    expect((await server('install --version 2.12.3', cwd, env)).stdout).toMatch(
      /^nats-server 2\.12\.3 is already there: /,
    );
  });

  test('what cannot be trusted is refused with exit 1', async () => {
    const cwd = await temporaryFolder();
    const release = await makeRelease('2.12.3');
    const mirror = await startMirror(
      releaseFiles('2.12.3', { ...release, sums: `${'f'.repeat(64)}  ${release.asset}\n` }),
    );
    const ended = await server('install --version 2.12.3 --json', cwd, {
      XDG_CACHE_HOME: cwd,
      PLUTOMI_NATS_MIRROR: mirror.url,
    });
    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'CHECKSUM_MISMATCH' } });
  });

  test.each(['install --version 2.1', 'install --version 2.15.1 --latest', 'install --version ../../etc'])(
    '"%s" is a usage error',
    async (words) => {
      expect(await server(words, await temporaryFolder())).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );
});
