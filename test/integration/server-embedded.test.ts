import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { type StartServerOptions, startServer } from '../../src/lib/dev-server/embedded.js';
import { readCommandLine } from '../../src/lib/dev-server/process.js';
import { serverBinary, startCluster, startNats } from '../support/nats-server.js';
import { listen } from '../support/ports.js';
import { worded } from '../support/suggestions.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function optionsIn(folder: string): Promise<StartServerOptions> {
  return {
    binary: await serverBinary(),
    storeDir: join(folder, 'data/store'),
    logFile: join(folder, 'data/log'),
  };
}

/** A program in place of nats-server that does what the shell script says. */
async function impostor(folder: string, script: string): Promise<string> {
  const binary = join(folder, 'impostor');
  await writeFile(binary, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return binary;
}

test('keeps port and store across a crash, and leaves nothing behind', async () => {
  const nats = await startNats();
  const nc = await connect({ servers: nats.url });
  await (await jetstreamManager(nc)).streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(nc).publish('kept.1', 'x');
  await nc.close();
  const { pid, port } = nats;

  await nats.kill9();
  await nats.restart();

  expect(nats.pid).not.toBe(pid);
  expect(nats.port).toBe(port);
  const again = await connect({ servers: nats.url });
  expect((await (await jetstreamManager(again)).streams.info('kept')).state.messages).toBe(1);
  await again.close();
  await nats.stop();
  await expect(stat(nats.storeDir)).rejects.toThrow('ENOENT');
});

test('listens on loopback alone, and what it keeps is for its owner alone', async () => {
  const folder = await temporaryFolder();
  const server = await startServer({ ...(await optionsIn(folder)), name: 'mine' });
  onTestFinished(() => server.stop());

  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
  expect(server.name).toBe('mine');
  expect((await stat(server.logFile)).mode & 0o777).toBe(0o600);
  expect((await stat(server.storeDir)).mode & 0o777).toBe(0o700);
  expect(await readFile(server.logFile, 'utf8')).toContain(
    `Listening for client connections on 127.0.0.1:${server.port}`,
  );
  expect(await readdir(join(folder, 'data'))).toEqual(['log', 'store']);
});

test('stop ends the process it started; a second stop does nothing', async () => {
  const server = await startServer(await optionsIn(await temporaryFolder()));
  expect(await readCommandLine(server.pid)).toContain('--store_dir');
  await server.stop();
  expect(await readCommandLine(server.pid)).toBeUndefined();
  await server.stop();
  expect(await readFile(server.logFile, 'utf8')).not.toMatch(/\[ERR\]/);
});

test('a port in use: the error says so, and what to do', async () => {
  const options = await optionsIn(await temporaryFolder());
  const squatter = await listen(createServer());

  await expect(startServer({ ...options, port: squatter })).rejects.toMatchObject({
    code: 'SERVER_EXITED',
    message: `port ${squatter} is in use: nats-server did not start`,
    suggestions: [
      worded(`see which process listens: ss -ltnp 'sport = :${squatter}'`),
      worded('take a free port: plutomi-events server start'),
    ],
  });
});

test('another reason: the error has the lines of this log that say it, none of an older one', async () => {
  const folder = await temporaryFolder();
  const options = await optionsIn(folder);
  const configFile = join(folder, 'nats.conf');
  await writeFile(configFile, 'http: "192.0.2.1:8222"\n');
  await mkdir(join(folder, 'data'));
  await writeFile(options.logFile, '[1] [ERR] older line\n');

  const error = await startServer({ ...options, configFile }).catch((error: unknown) => error as Error);

  expect(error).toMatchObject({ code: 'SERVER_EXITED' });
  expect((error as Error).message).toMatch(
    /ended with exit code 1\nIts log, .*log:\n(?:\[.*\] \S+ \S+ \[(?:FTL|ERR)\] .*\n?)+$/,
  );
  expect((error as Error).message).not.toContain('older line');
});

test('a binary that is not there', async () => {
  const options = { ...(await optionsIn(await temporaryFolder())), binary: '/nowhere/nats-server' };
  await expect(startServer(options)).rejects.toMatchObject({
    code: 'SERVER_EXITED',
    message: /\/nowhere\/nats-server/,
  });
});

test('one that never answers is killed at the deadline', async () => {
  const folder = await temporaryFolder();
  const pidFile = join(folder, 'pid');
  const binary = await impostor(folder, `echo $$ > ${pidFile}; echo 'still thinking'; exec sleep 600`);
  const started = startServer({ ...(await optionsIn(folder)), binary, readyTimeoutMs: 500 });
  await expect(started).rejects.toMatchObject({
    code: 'SERVER_NOT_READY',
    message: expect.stringMatching(
      /not ready within 500 ms: it has not said where it listens\n.*\nstill thinking/,
    ),
  });
  expect(await readCommandLine(Number(await readFile(pidFile, 'utf8')))).toBeUndefined();
});

test('a cluster takes streams with three replicas, also after one of its nodes came back', async () => {
  await using cluster = await startCluster(3);
  const [first] = cluster.nodes;
  await first?.kill9();
  await first?.restart();
  await cluster.ready();
});
