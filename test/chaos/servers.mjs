import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../../dist/lib/internals.js';
import { install, locate } from '../../scripts/server.mjs';

/** The nats-server binary of this version; without one, what the tests use. */
export async function serverBinary(version) {
  const found = version === undefined ? await locate() : await install(version, () => {});
  if (found === undefined) throw new Error('no nats-server: run `npm run setup`');
  return found;
}

/** Starts `count` servers, one cluster where there are several. `extra` is more nats-server configuration. */
export async function startServers({ binary, folder, count, extra = '' }) {
  const ports = await freePorts(count * 2);
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const nodes = [];
  // One after the other: of nodes that call each other at the same time, nats-server 2.10 can keep one for offline.
  for (const [index, port] of ports.slice(0, count).entries()) {
    const name = `n${index + 1}`;
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const cluster = `cluster { name: chaos, listen: "127.0.0.1:${ports[count + index]}", no_advertise: true, routes: [${routes.join(', ')}] }`;
    const [storeDir, logFile, configFile] = ['store', 'nats.log', 'nats.conf'].map((file) => join(own, file));
    writeFileSync(configFile, `${count > 1 ? cluster : ''}\n${extra}\n`);
    nodes.push(await startNode({ binary, port, name, storeDir, logFile, configFile }));
  }
  return nodes;
}

async function startNode(options) {
  let handle = await startServer(options);
  const killIfLeft = () => handle.kill9();
  process.once('exit', killIfLeft);
  return {
    name: options.name,
    url: `nats://127.0.0.1:${options.port}`,
    port: options.port,
    async kill9() {
      handle.kill9();
      await handle.exited;
    },
    async start() {
      handle = await startServer(options);
    },
    async stop() {
      await handle.stop();
      process.off('exit', killIfLeft);
    },
  };
}

async function freePorts(count) {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = createServer();
      await new Promise((resolve) => {
        listener.listen(0, '127.0.0.1', resolve);
      });
      return listener;
    }),
  );
  const ports = listeners.map((listener) => listener.address().port);
  await Promise.all(
    listeners.map(
      (listener) =>
        new Promise((resolve) => {
          listener.close(resolve);
        }),
    ),
  );
  return ports;
}

/** Settles when every node answers and a stream can be placed on all of them. */
export async function waitForPlacement(admin, replicas, timeoutMs = 60_000) {
  const deadline = performance.now() + timeoutMs;
  const name = `probe-${process.hrtime.bigint()}`;
  for (;;) {
    try {
      await admin.jsm.streams.add({ name, subjects: [name], num_replicas: replicas });
      await admin.jsm.streams.delete(name);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
