import type { Pipeline } from '../pipeline/pipeline.js';
import { Cached } from './cached.js';
import { type PipelineFacts, readPipelineFacts } from './consumer-facts.js';
import { type DeadLetterFacts, DeadLetterReader } from './dead-letter-facts.js';
import type { Family, Sample } from './family.js';
import { knownConsumers, other } from './run-metrics.js';

/** A scrape waits for the server no longer, ms: Prometheus itself gives up after 10 s. */
const longestWaitMs = 1000;
const keptMs = 60_000;

/** What the server knows: asked for when somebody scrapes, and then not for some seconds. */
export class ServerMetrics {
  private readonly facts: Cached<PipelineFacts>;
  private readonly letters: Cached<DeadLetterFacts>;
  private readonly known: ReadonlySet<string>;

  constructor(private readonly pipeline: Pipeline) {
    const { clock, config } = pipeline;
    this.known = knownConsumers(config);
    this.facts = new Cached(() => readPipelineFacts(pipeline), { freshMs: 5000, share: 0.1, keptMs, clock });
    const reader = new DeadLetterReader(pipeline);
    // All of a DLQ may have to be read, which is work of this process: a hundredth of its time at most.
    this.letters = new Cached(() => reader.read(), {
      freshMs: 15_000,
      share: 0.01,
      keptMs: 3_600_000,
      clock,
    });
  }

  /** Without what can't be read now. Never throws. */
  async families(): Promise<Family[]> {
    if (!this.pipeline.link.connected) return [];
    const [facts, letters] = await Promise.all([
      this.facts.get(longestWaitMs),
      this.letters.get(longestWaitMs),
    ]);
    return [...(facts ? ofConsumers(facts) : []), ...(letters ? this.ofLetters(letters) : [])];
  }

  private ofLetters({ dead, archived, groups, oldestMs, expiring }: DeadLetterFacts): Family[] {
    return [
      gauge('dead_letters', 'Dead letters in the DLQ, and archived ones.', [
        ...this.byConsumer(dead, 'dead'),
        ...this.byConsumer(archived, 'archived'),
      ]),
      gauge('dead_letter_groups', 'Groups of the dead letters in the DLQ.', [{ value: groups }]),
      gauge(
        'dead_letter_oldest_timestamp_seconds',
        'When the oldest dead letter came to the DLQ; absent: there is none.',
        oldestMs === undefined ? [] : [{ value: oldestMs / 1000 }],
      ),
      gauge('originals_expiring', 'Dead letters whose event leaves its stream soon, and is not kept.', [
        { labels: { within: expiring.within }, value: expiring.count },
      ]),
    ];
  }

  /** Every consumer of the config, and whatever else there is together. */
  private byConsumer(counts: ReadonlyMap<string, number>, status: string): Sample[] {
    const sums = new Map([...this.known].map((name) => [name, 0]));
    for (const [name, count] of counts) {
      const label = this.known.has(name) ? name : other;
      sums.set(label, (sums.get(label) ?? 0) + count);
    }
    return Array.from(sums, ([name, value]) => ({ labels: { consumer_name: name, status }, value }));
  }
}

function ofConsumers({ consumers, retriesWaiting }: PipelineFacts): Family[] {
  const labelled = consumers.map((one) => ({
    ...one,
    labels: { stream_name: one.stream, consumer_name: one.durable },
  }));
  return [
    gauge(
      'consumer_pending',
      'Messages that the server has not delivered to a consumer yet.',
      labelled.map(({ labels, pending }) => ({ labels, value: pending })),
    ),
    gauge(
      'consumer_oldest_unprocessed_seconds',
      'Age of the oldest message that a consumer has not acknowledged; 0: there is none.',
      labelled.flatMap(({ labels, oldestSeconds: value }) =>
        value === undefined ? [] : [{ labels, value }],
      ),
    ),
    gauge(
      'retries_waiting',
      'Events that wait in the retry stream, those that are due included.',
      retriesWaiting === undefined ? [] : [{ value: retriesWaiting }],
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `plutomi_${name}`, help, type: 'gauge', samples };
}
