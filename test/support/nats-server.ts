import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { readEnvironment } from '../../src/lib/connection/environment.js';
import {
  type ServerHandle,
  type StartServerOptions,
  startServer,
} from '../../src/lib/dev-server/embedded.js';
import { locateServer } from '../../src/lib/dev-server/locate.js';

/** A real nats-server of a test. Dispose of it: `await using`, `afterAll(() => nats.stop())`. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly name: string;
  readonly version: string;
  readonly storeDir: string;
  readonly logFile: string;
  /** SIGKILL; settles when the process is gone. The store stays. */
  kill9(): Promise<void>;
  /** Starts again with the same port and store, after a clean stop if it still runs. */
  restart(): Promise<void>;
  /** Stops it cleanly and keeps the store, for a later `restart()`. */
  pause(): Promise<void>;
  /** Stops it and removes its store and log. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** The text of a nats-server configuration file, for what the defaults leave out. */
  readonly config?: string;
  readonly name?: string;
}

/** The nats-server that this test run uses: `NATS_SERVER_BIN`, PATH, or the cache. */
export async function serverBinary(): Promise<string> {
  const found = await locateServer(readEnvironment());
  if (found === undefined) throw new Error('no nats-server for the tests: run `npm run setup`');
  return found.path;
}

/** Starts a nats-server with JetStream on a random port of 127.0.0.1, with a store of its own. */
export async function startNats(options: TestServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'plutomi-nats-'));
  const configFile = join(folder, 'nats.conf');
  if (options.config !== undefined) await writeFile(configFile, options.config, { mode: 0o600 });
  return await launch(folder, {
    binary: await serverBinary(),
    storeDir: join(folder, 'store'),
    logFile: join(folder, 'nats.log'),
    name: options.name,
    port: options.port,
    configFile: options.config === undefined ? undefined : configFile,
  });
}

const running = new Set<ServerHandle>();

/** No server outlives the test run, however that ends. */
function killAll(): void {
  for (const handle of running) handle.kill9();
}
process.once('exit', killAll);
process.once('disconnect', killAll);
process.once('SIGTERM', () => process.exit(143));

async function launch(folder: string, options: StartServerOptions): Promise<TestServer> {
  const start = async (port: StartServerOptions['port']): Promise<ServerHandle> => {
    const handle = await startServer({ ...options, port });
    running.add(handle);
    void handle.exited.then(() => running.delete(handle));
    return handle;
  };
  let handle = await start(options.port);
  const { url, port, version, name } = handle;
  const stop = async (): Promise<void> => {
    await handle.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    port,
    version,
    name,
    storeDir: options.storeDir,
    logFile: options.logFile,
    get pid() {
      return handle.pid;
    },
    async kill9() {
      handle.kill9();
      await handle.exited;
    },
    pause: () => handle.stop(),
    async restart() {
      await handle.stop();
      handle = await start(port);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A real cluster on loopback, with a name and ports that no other test has. */
export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly TestServer[];
  /** The client URLs of all nodes, as one value for `--server`. */
  readonly url: string;
  readonly urls: readonly string[];
  /** Settles when JetStream has a meta leader and can place a stream on every node. */
  ready(): Promise<void>;
  /** Stops all nodes and removes what they stored. */
  stop(): Promise<void>;
}

const CLUSTER_READY_TIMEOUT_MS = 20_000;

/** Starts `size` nats-servers as one cluster and settles when it is `ready()`. */
export async function startCluster(size = 3): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'plutomi-cluster-'));
  const binary = await serverBinary();
  const [clientPorts, routePorts] = [await freePorts(size), await freePorts(size)];
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const nodes: TestServer[] = [];
  // One after the other: of nodes that call each other at the same time, nats-server 2.10 can keep one for offline.
  for (const [index, routePort] of routePorts.entries()) {
    const name = `n${index + 1}`;
    const own = join(folder, name);
    await mkdir(own, { mode: 0o700 });
    const configFile = join(own, 'nats.conf');
    const cluster = `cluster { name: test, listen: "127.0.0.1:${routePort}", no_advertise: true, routes: [${routes}] }`;
    await writeFile(configFile, cluster, { mode: 0o600 });
    const [storeDir, logFile] = [join(own, 'store'), join(own, 'nats.log')];
    nodes.push(await launch(own, { binary, storeDir, logFile, name, port: clientPorts[index], configFile }));
  }
  const urls = nodes.map((node) => node.url);
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  const ready = (): Promise<void> => waitForPlacement(urls, size);
  try {
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, urls, url: urls.join(','), ready, stop, [Symbol.asyncDispose]: stop };
}

async function waitForPlacement(urls: readonly string[], replicas: number): Promise<void> {
  const nc = await connect({ servers: [...urls], waitOnFirstConnect: true, maxReconnectAttempts: -1 });
  const deadline = performance.now() + CLUSTER_READY_TIMEOUT_MS;
  try {
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 2_000 });
    const name = `ready-probe-${process.hrtime.bigint()}`;
    for (;;) {
      try {
        await jsm.streams.add({ name, subjects: [name], num_replicas: replicas });
        await jsm.streams.delete(name);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await delay(50);
      }
    }
  } finally {
    await nc.close();
  }
}

/** Ports that were free at the same moment; another process may take one before it is used. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
