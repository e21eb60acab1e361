import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { assetName } from '../../src/lib/dev-server/install/release.js';
import type { Version } from '../../src/lib/dev-server/install/versions.js';
import { temporaryFolder } from './temporary-folder.js';

const run = promisify(execFile);

export interface FakeRelease {
  readonly asset: string;
  /** The archive of an executable that answers `--version` as nats-server does. */
  readonly archive: Buffer;
  /** The text of SHA256SUMS. */
  readonly sums: string;
}

/** A release for this machine whose nats-server is a script that says it is `says`, by default the same version. */
export async function makeRelease(version: Version, says: string = version): Promise<FakeRelease> {
  const asset = assetName(version, process);
  if (asset === undefined)
    throw new Error(`nats-server has no release for ${process.platform} ${process.arch}`);
  const folder = await temporaryFolder();
  const inside = asset.replace('.tar.gz', '');
  await mkdir(join(folder, inside));
  await writeFile(join(folder, inside, 'README.md'), 'not the binary\n'.repeat(100));
  await writeFile(join(folder, inside, 'nats-server'), `#!/bin/sh\necho 'nats-server: v${says}'\n`);
  await chmod(join(folder, inside, 'nats-server'), 0o755);
  await run('tar', ['-czf', asset, inside], { cwd: folder });
  const archive = await readFile(join(folder, asset));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return {
    asset,
    archive,
    sums: `${'0'.repeat(64)}  nats-server-v${version}-plan9-mips.zip\n${sha256}  ${asset}\n`,
  };
}

export interface RecordingServer {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** What it was asked for so far: `<method> <path or address>`. */
  readonly requests: readonly string[];
}

/** What a mirror answers for a path: a body, or the location of a redirect; anything else is 404. */
export type MirrorFiles = Readonly<Record<string, Buffer | string | { readonly location: string }>>;

/** The files of a release, at the paths where GitHub has them. */
export function releaseFiles(version: Version, release: FakeRelease): MirrorFiles {
  return { [`/v${version}/SHA256SUMS`]: release.sums, [`/v${version}/${release.asset}`]: release.archive };
}

/** Serves files until the running test has finished; over TLS when it is given a key and a certificate. */
export async function startMirror(
  files: MirrorFiles,
  tls?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<RecordingServer> {
  const requests: string[] = [];
  const answer: http.RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const file = files[request.url ?? ''];
    if (file === undefined) response.writeHead(404).end();
    else if (typeof file === 'object' && 'location' in file) response.writeHead(302, file).end();
    else response.end(file);
  };
  const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
  const port = await listen(server);
  return { url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`, requests };
}

/** The same port under a name that only the proxy of `startProxy` knows. */
export function hiddenUrl({ url }: RecordingServer): string {
  return url.replace(/127\.0\.0\.1|localhost/, 'mirror.test');
}

/**
 * A forward proxy to this machine, whatever host it is asked for; it answers 407 to whoever lacks
 * `user:password`, when that is given.
 */
export async function startProxy(credentials?: string): Promise<RecordingServer> {
  const requests: string[] = [];
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const isAllowed = (request: http.IncomingMessage): boolean =>
    expected === undefined || request.headers['proxy-authorization'] === expected;
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!isAllowed(request)) {
      response.writeHead(407).end();
      return;
    }
    const { port, pathname } = new URL(request.url ?? '');
    const target = { host: '127.0.0.1', port, path: pathname, headers: request.headers };
    const onward = http.request(target, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    onward.end();
  });
  server.on('connect', (request, socket) => {
    requests.push(`${request.method} ${request.url}`);
    if (!isAllowed(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, requests };
}

async function listen(server: http.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
