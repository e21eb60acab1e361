import { translateError } from '../../nats/errors.js';
import { countAnswers, type Probe } from '../../nats/count-answers.js';
import type { Link } from '../../nats/link.js';
import type { DesiredConsumer, DesiredStream, Topology } from '../desired.js';
import { type Actual, pathOf } from './diff.js';

/** What a JetStream domain shares with another one across a leaf node, so that both take what is meant for one. */
export interface OtherDomain {
  /** Streams of another domain would take part. */
  readonly why: 'other-domain';
  /** The stream. */
  readonly name: string;
  /** The consumer of that stream whose acknowledgements another one takes too. */
  readonly consumer?: string;
  /** The subject of that stream that another one stores too. */
  readonly subject?: string;
}

/** No stream has this name, so whoever has the subject refuses the message, and nothing is stored. */
const nowhere = 'plutomi-events-stored-nowhere';

interface Asked {
  readonly probe: Probe;
  /** Answers that are from our own. */
  readonly own: number;
  /** What is said of more. */
  readonly found: OtherDomain;
}

/**
 * Finds what has the same names or subjects in another domain. One account of one domain has each name and subject
 * once, so that a second answer comes from elsewhere. Servers without a domain are not asked.
 */
export async function findInOtherDomains(
  link: Link,
  { desired, actual }: { readonly desired: Topology; readonly actual: Actual },
): Promise<OtherDomain[]> {
  if (!link.home.domain) return [];
  const asked = [
    ...ownConsumers(desired).map((one) => consumerProbe(one, actual)),
    ...desired.streams.flatMap((one) => streamProbe(one, desired, actual)),
  ];
  const counts = await countAnswers(
    link,
    asked.map(({ probe }) => probe),
  ).catch((error: unknown) => {
    throw translateError(error, 'look for other domains');
  });
  return asked.filter(({ own }, index) => (counts[index] ?? 0) > own).map(({ found }) => found);
}

/** Those whose messages a pipeline acknowledges itself: an external consumer is its worker's. */
function ownConsumers({ consumers }: Topology): DesiredConsumer[] {
  const retried = new Set(consumers.filter(({ role }) => role === 'retry').map(({ serves }) => serves));
  return consumers.filter(({ role, serves }) => role !== 'events' || retried.has(serves));
}

/** More time for a message that there is not: the consumer does nothing, and says that it was asked. */
function consumerProbe(one: DesiredConsumer, { consumers }: Actual): Asked {
  const { stream, name } = one;
  return {
    found: { why: 'other-domain', name: stream, consumer: name },
    probe: { subject: `$JS.ACK.${stream}.${name}.1.${Number.MAX_SAFE_INTEGER}.1.0.0`, payload: '+WPI' },
    own: consumers.has(pathOf(one)) ? 1 : 0,
  };
}

/** Of the streams that only a pipeline writes to. Another stream may well collect the events of several domains. */
function streamProbe({ role, name, fields }: DesiredStream, desired: Topology, { streams }: Actual): Asked[] {
  const filter = fields.subjects?.[0];
  if (role === 'events' || filter === undefined) return [];
  const retried = desired.consumers.find((one) => one.role === 'retry')?.serves ?? 'none';
  // Subjects that a worker, or whoever applies, may publish to.
  const rest = {
    advisories: 'business.ROUTED.none',
    retry: `${retried}.none`,
    dlq: 'none',
    operations: 'config',
    kept: 'none',
  }[role];
  const subject = filter.replace(/>$/, rest).replaceAll('*', 'none');
  return [
    {
      found: { why: 'other-domain', name, subject: filter },
      probe: { subject, payload: '', expectStream: nowhere },
      own: streams.has(name) ? 1 : 0,
    },
  ];
}
