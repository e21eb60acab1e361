import {
  NatsConnectionImpl,
  type NatsConnection,
  type NodeConnectionOptions,
  setTransportFactory,
  TimeoutError,
} from '@nats-io/transport-node';
import { nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { type AttemptOptions, Transport } from './transport.js';

type Options = NodeConnectionOptions & { readonly servers: readonly string[] };

/** So long a server may say nothing before TLS is offered to it unasked, ms; sooner where the deadline is short. */
const silenceMs = 500;

/**
 * Connects within the deadline, whatever answers there, and leaves no socket open when it can't.
 *
 * Where TLS is wanted and the server says nothing, it may be waiting for TLS, as a load balancer does: then both ways
 * are tried at once, and the first that works is kept.
 */
export async function openConnection(options: Options, deadlineMs: number): Promise<NatsConnection> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new TimeoutError()), deadlineMs);
  const attempts = [attempt(options, stop.signal)];
  if (options.tls && options.tls.handshakeFirst === undefined) {
    const tlsFirst = { ...options, tls: { ...options.tls, handshakeFirst: true } };
    const begin = (): Promise<NatsConnection> => attempt(tlsFirst, stop.signal);
    attempts.push(whenSilent(attempts[0], Math.min(silenceMs, deadlineMs / 3), begin));
  }
  try {
    const won = await Promise.any(attempts);
    for (const other of attempts) {
      void other.then((nc) => (nc === won ? undefined : nc.close())).catch(() => {});
    }
    return won;
  } catch (error) {
    const { errors } = error as AggregateError;
    throw errors.find((one) => !(one instanceof TimeoutError)) ?? errors[0];
  } finally {
    clearTimeout(timer);
    stop.abort(new TimeoutError());
  }
}

/** What `begin` gives when the first way has not ended after so long; else its end. */
async function whenSilent(
  first: Promise<NatsConnection> | undefined,
  afterMs: number,
  begin: () => Promise<NatsConnection>,
): Promise<NatsConnection> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), afterMs);
  });
  try {
    return (await Promise.race([first, silence])) ?? (await begin());
  } finally {
    clearTimeout(timer);
  }
}

/** One way to connect, which ends when `stop` is aborted at the latest. */
function attempt(options: Options, stop: AbortSignal): Promise<NatsConnection> {
  // Each time: whoever else uses the client in this process sets one too.
  setTransportFactory({ factory: () => new Transport(), dnsResolveFn: nodeResolveHost });
  return new Promise((resolve, reject) => {
    const sockets = new AbortController();
    let lost: Error | undefined;
    const onLost = (error = new Error('the server closed the connection')): void => {
      lost = error;
      // The client would wait until the deadline for a word of a server that is gone, before it tries the next one.
      if (options.servers.length === 1) reject(error);
    };
    const giveUp = (): void => {
      sockets.abort(stop.reason);
      reject(lost ?? stop.reason);
    };
    stop.addEventListener('abort', giveUp);
    const own: AttemptOptions = { ...options, attempt: { signal: sockets.signal, onLost } };
    NatsConnectionImpl.connect(own).then(
      (nc) => {
        // From now on it reconnects.
        stop.removeEventListener('abort', giveUp);
        if (stop.aborted) void nc.close();
        else resolve(nc);
      },
      (error: unknown) => reject(lost ?? error),
    );
  });
}
