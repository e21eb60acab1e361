import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { messageOf } from '../errors.js';
import type { ConnectionTarget } from './target.js';

/**
 * Why a server ends a TLS connection after its handshake, in the words of the TLS library; undefined: it does not.
 *
 * With TLS 1.3 a server judges the client's certificate when the client is connected already, and the NATS client
 * waits for its timeout then, without the reason. So it is asked for once more, without that client.
 */
export async function tlsRefusal(target: ConnectionTarget): Promise<string | undefined> {
  const { hostname: host, port } = new URL(target.servers[0] ?? '');
  const { caFile, certFile, keyFile, first = false } = target.tls ?? {};
  const signal = AbortSignal.timeout(target.timeoutMs);
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  let socket: Socket | undefined;
  let secure: TLSSocket | undefined;
  try {
    socket = connectTcp(Number(port), host.replace(/^\[|\]$/g, ''));
    if (!first) {
      const [info] = (await once(socket, 'data', { signal })) as [Buffer];
      if (!info.includes('"tls_required":true')) return undefined;
    }
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

/** OpenSSL's message is a line of fields; the last but one that says anything is the alert. */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  return /(?:tls|ssl)v\d+ alert [a-z ]+/.exec(text)?.[0] ?? text.split('\n')[0] ?? text;
}
