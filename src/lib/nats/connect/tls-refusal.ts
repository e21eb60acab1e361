import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { messageOf } from '../../errors.js';
import type { ConnectionTarget } from './target.js';

/** The server has answered before: it does so at once, ms. */
const longestMs = 900;

/**
 * Why a server ends a TLS connection after its handshake, in the words of the TLS library; undefined: it does not.
 *
 * With TLS 1.3 a server judges the client's certificate when the client is connected already and has begun to write,
 * which hides the reason behind a reset. So it is asked for once more, by one that writes nothing.
 */
export async function tlsRefusal(target: ConnectionTarget): Promise<string | undefined> {
  const { hostname: host, port } = new URL(target.servers[0] ?? '');
  const { caFile, certFile, keyFile, first = false } = target.tls ?? {};
  const signal = AbortSignal.timeout(Math.min(target.timeoutMs, longestMs));
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  let socket: Socket | undefined;
  let secure: TLSSocket | undefined;
  try {
    socket = connectTcp(Number(port), host.replace(/^\[|\]$/g, ''));
    if (!first && !(await wantsTls(socket, signal))) return undefined;
    secure = connectTls({
      socket,
      host,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
    });
    secure.resume();
    await once(secure, 'close', { signal });
    return undefined;
  } catch (error) {
    return signal.aborted ? undefined : reasonOf(error);
  } finally {
    secure?.destroy();
    socket?.destroy();
  }
}

/** Says the server that it wants TLS, before it ends? */
async function wantsTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  const [said] = await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })]);
  return Buffer.isBuffer(said) && said.includes('"tls_required":true');
}

/** OpenSSL's message is a line of fields; the last but one that says anything is the alert. */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  return /(?:tls|ssl)v\d+ alert [a-z ]+/.exec(text)?.[0] ?? text.split('\n')[0] ?? text;
}
