import type { PipelineConfig } from '../config/resolved.js';
import { readersOf } from '../config/resolved.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { failureKinds } from '../domain/failure.js';
import { durationBoundsMs, type Durations } from '../domain/duration-counts.js';
import type { PipelineSnapshot, StageSnapshot } from '../observe/snapshot.js';
import type { RunningPipeline } from '../waterfall/running-pipeline.js';
import type { Family, Sample } from './family.js';

/** What stands for all that a config does not name: what others write must not make any number of series. */
export const other = 'other';

/** Whose names may be a label. */
export function knownConsumers(config: PipelineConfig): ReadonlySet<string> {
  return new Set([...readersOf(config).map(({ name }) => name), metaConsumers.main]);
}

/** What this process has done, from its snapshot and from events that are rare: nothing of this is done for a message. */
export class RunMetrics {
  private readonly died = new Map<string, Sample>();
  private readonly replayed = { resolved: 0, deadAgain: 0 };
  private readonly known: ReadonlySet<string>;

  constructor(
    private readonly running: RunningPipeline,
    config: PipelineConfig,
    private readonly published: ReadonlyMap<string, number>,
    private readonly version: string,
  ) {
    this.known = knownConsumers(config);
    running.subscribe(({ consumer, kind }) => this.countDead(consumer, kind), { types: ['dead-letter'] });
    // Only those that are told anyway: of the retry stage, every success is.
    const ofReplays = ({ type, key }: { type: 'succeeded' | 'exhausted'; key: StageKey }): void => {
      if (key.tier === 'business' && key.stage === 'retry' && key.cycle > 0)
        this.replayed[type === 'succeeded' ? 'resolved' : 'deadAgain']++;
    };
    running.subscribe(Object.assign(ofReplays, { wantsSuccess: () => false }), {
      types: ['succeeded', 'exhausted'],
    });
  }

  private countDead(consumer: string, kind: string): void {
    const labels = {
      consumer_name: this.known.has(consumer) ? consumer : other,
      kind: (failureKinds as readonly string[]).includes(kind) ? kind : other,
    };
    const id = `${labels.consumer_name} ${labels.kind}`;
    this.died.set(id, { labels, value: (this.died.get(id)?.value ?? 0) + 1 });
  }

  families(): Family[] {
    const { stages, events, holding } = this.running.snapshot();
    return [
      counter('attempts_total', 'Attempts, by what became of them.', stages.flatMap(attemptsOf)),
      {
        name: 'plutomi_handler_duration_seconds',
        help: 'How long handlers ran.',
        type: 'histogram',
        samples: stages.flatMap(durationsOf),
      },
      counter(
        'deliveries_total',
        'Messages that came to this process, redeliveries included.',
        stages.map((stage) => ({ labels: labelsOf(stage), value: stage.counts.delivered })),
      ),
      counter(
        'published_total',
        'Events that this process published and the server stored, by type.',
        Array.from(this.published, ([type, value]) => ({ labels: { type }, value })),
      ),
      counter('dead_letters_total', 'Dead letters that this process has told.', [...this.died.values()]),
      counter(
        'replayed_total',
        'Replayed events that ended in this process, by how.',
        Object.entries(this.replayed).map(([outcome, value]) => ({ labels: { outcome }, value })),
      ),
      counter('events_lost_total', 'Events that the server removed before they were acknowledged.', [
        { value: events['event-lost'] },
      ]),
      {
        name: 'plutomi_holding',
        help: '1 while nothing is acknowledged, because the server does not take what must not be lost.',
        type: 'gauge',
        samples: [{ value: isHolding(holding) }],
      },
      {
        name: 'plutomi_build_info',
        help: 'Always 1; the version is a label.',
        type: 'gauge',
        samples: [{ labels: { version: this.version }, value: 1 }],
      },
    ];
  }
}

interface StageKey {
  readonly tier: string;
  readonly stage: string;
  readonly cycle: number;
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `plutomi_${name}`, help, type: 'counter', samples };
}

function isHolding(holding: PipelineSnapshot['holding']): number {
  return holding.length > 0 ? 1 : 0;
}

function labelsOf({ consumer, stage }: StageSnapshot): Record<string, string> {
  return { consumer_name: consumer, stage };
}

function attemptsOf(stage: StageSnapshot): Sample[] {
  const { succeeded: ok, failed, rejected, snoozed } = stage.counts;
  const labels = labelsOf(stage);
  return Object.entries({ ok, failed, rejected, snoozed }).map(([outcome, value]) => ({
    labels: { ...labels, outcome },
    value,
  }));
}

function durationsOf(stage: StageSnapshot): Sample[] {
  // Routing and alerts run no handler.
  if (stage.durations === null || stage.tier === 'meta' || stage.stage === 'dlq') return [];
  return bucketsOf(labelsOf(stage), stage.durations);
}

function bucketsOf(labels: Record<string, string>, { counts, sumMs }: Durations): Sample[] {
  let sum = 0;
  const buckets = counts.map((count, at) => {
    sum += count;
    const boundMs = durationBoundsMs[at];
    const le = boundMs === undefined ? '+Inf' : String(boundMs / 1000);
    return { labels: { ...labels, le }, value: sum, suffix: '_bucket' };
  });
  return [
    ...buckets,
    { labels, value: sumMs / 1000, suffix: '_sum' },
    { labels, value: sum, suffix: '_count' },
  ];
}
