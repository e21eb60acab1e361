import { readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseJson } from '../domain/decode.js';

/** The fields of the INFO line that a nats-server greets every client with. */
export interface ServerInfo {
  readonly server_id: string;
  readonly server_name: string;
  readonly version: string;
  readonly jetstream?: boolean;
  readonly host: string;
  readonly port: number;
}

const INFO_LIMIT_BYTES = 1024 * 1024;

/**
 * The client URL in the ports file of the server with this pid; undefined while it has not written one. It
 * writes the file when it listens, so a URL found here belongs to this server and to no other on its port.
 */
export async function readClientUrl(portsDir: string, pid: number): Promise<string | undefined> {
  const names = await readdir(portsDir).catch(() => []);
  const name = names.find((name) => name.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  try {
    const ports = JSON.parse(await readFile(join(portsDir, name), 'utf8')) as { nats?: readonly string[] };
    return ports.nats?.[0];
  } catch {
    return undefined;
  }
}

/** Removes the ports files of servers that crashed: their pid may be given to another process. */
export async function removePortsFiles(portsDir: string): Promise<void> {
  const names = await readdir(portsDir).catch(() => []);
  const stale = names.filter((name) => name.endsWith('.ports'));
  await Promise.all(stale.map((name) => rm(join(portsDir, name), { force: true })));
}

/** Connects, reads the INFO line and hangs up. Rejects when there is none within `timeoutMs`. */
export async function readInfo(url: string, timeoutMs: number): Promise<ServerInfo> {
  const { hostname, port } = new URL(url);
  return await new Promise<ServerInfo>((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    const finish = (outcome: () => void): void => {
      socket.destroy();
      outcome();
    };
    let received = '';
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () =>
      finish(() => reject(new Error(`no INFO line within ${timeoutMs} ms`))),
    );
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('end', () => finish(() => reject(new Error('it hung up before the INFO line'))));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\r\n');
      if (end === -1 && received.length < INFO_LIMIT_BYTES) return;
      finish(() => {
        try {
          resolve(parseInfo(received.slice(0, end)));
        } catch (error) {
          reject(error);
        }
      });
    });
  });
}

function parseInfo(line: string): ServerInfo {
  if (!line.startsWith('INFO {'))
    throw new Error(`it is not a nats-server: it says ${JSON.stringify(line.slice(0, 80))}`);
  const decoded = parseJson(line.slice('INFO '.length));
  if (!decoded.ok) throw new Error(`it is not a nats-server: its INFO line is ${decoded.reason}`);
  return decoded.value as ServerInfo;
}
