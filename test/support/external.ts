import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import type { ExhaustionKind } from '../../src/lib/domain/record-kinds.js';
import type { Link } from '../../src/lib/nats/link.js';

const program = fileURLToPath(new URL('external-worker.mjs', import.meta.url));

/** Starts the worker of another program in a process of its own; killed when the test ends. */
export function startExternalWorker(urls: string, consumer: string, stream = 'events'): () => void {
  const child = execa(process.execPath, [program, urls, stream, consumer], { reject: false });
  const stop = (): void => void child.kill('SIGKILL');
  onTestFinished(stop);
  return stop;
}

export interface ForgedAdvisory {
  readonly kind?: ExhaustionKind;
  readonly stream?: string;
  readonly consumer?: string;
  readonly seq?: number;
  readonly deliveries?: number;
  readonly timestamp?: string;
  readonly reason?: string;
  readonly domain?: string;
}

const types = {
  MAX_DELIVERIES: 'io.nats.jetstream.advisory.v1.max_deliver',
  MSG_TERMINATED: 'io.nats.jetstream.advisory.v1.terminated',
};

let ids = 0;

/** The bytes of an advisory as the server writes it, with an id that no other has. */
export function advisoryText(facts: ForgedAdvisory = {}): string {
  const { kind = 'MAX_DELIVERIES', stream = 'events', consumer = 'rust', seq = 1, deliveries = 2 } = facts;
  const { timestamp = new Date().toISOString(), reason, domain } = facts;
  return JSON.stringify({
    type: types[kind],
    id: `forged-${ids++}`,
    timestamp,
    stream,
    consumer,
    stream_seq: seq,
    deliveries,
    ...(reason === undefined ? {} : { reason }),
    ...(domain === undefined ? {} : { domain }),
  });
}

/** Publishes it where the server would; `on` is another subject. Gives its sequence in the journal. */
export async function forge(link: Link, facts: ForgedAdvisory = {}, on?: string): Promise<number> {
  const { kind = 'MAX_DELIVERIES', stream = 'events', consumer = 'rust' } = facts;
  const subject = on ?? `$JS.EVENT.ADVISORY.CONSUMER.${kind}.${stream}.${consumer}`;
  const { seq } = await link.publish(subject, advisoryText(facts));
  return seq;
}
