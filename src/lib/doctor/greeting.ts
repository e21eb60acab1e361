import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decodeObject } from '../domain/decode.js';
import { connectionReason } from '../domain/connection-reason.js';

/** What somebody who listens at an address says first. */
export type Greeting =
  | { readonly kind: 'unreachable'; readonly why: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'server'; readonly tlsRequired: boolean; readonly tlsAvailable: boolean };

/** As long as the first line of any server. */
const mostBytes = 65_536;

/** Connects, and reads the line that a nats-server begins with; says nothing itself. */
export async function readGreeting(url: string, timeoutMs: number): Promise<Greeting> {
  const { hostname, port } = new URL(url);
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
  // Once it is given up, nobody asks any more.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    return {
      kind: 'unreachable',
      why: signal.aborted ? `no answer in ${timeoutMs} ms` : connectionReason(error, ''),
    };
  }
  try {
    return readLine(await firstLine(socket, signal));
  } catch {
    return signal.aborted ? { kind: 'silent' } : { kind: 'stranger' };
  } finally {
    socket.destroy();
  }
}

async function firstLine(socket: Socket, signal: AbortSignal): Promise<string> {
  let said = '';
  while (!said.includes('\n')) {
    const ended = once(socket, 'close', { signal }).then(() => [undefined]);
    const [chunk] = (await Promise.race([once(socket, 'data', { signal }), ended])) as [Buffer | undefined];
    if (chunk === undefined || said.length > mostBytes) break;
    said += chunk.toString('latin1');
  }
  return said;
}

function readLine(line: string): Greeting {
  const text = /^INFO (\{.*\})/.exec(line)?.[1];
  if (text === undefined) return { kind: 'stranger' };
  const info = decodeObject(Buffer.from(text, 'latin1'));
  if (!info.ok) return { kind: 'stranger' };
  return {
    kind: 'server',
    tlsRequired: info.value['tls_required'] === true,
    tlsAvailable: info.value['tls_available'] === true,
  };
}
