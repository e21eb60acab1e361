import { describe, expect, it } from 'vitest';
import { nativeAdvisorySubject, recordSubject, subjectMatches } from '../../../src/lib/domain/subjects.js';
import { type ExhaustionKind, exhaustionKinds, recordKinds } from '../../../src/lib/domain/record-kinds.js';
import type { Stage, Tier } from '../../../src/lib/domain/key.js';
import { desiredTopology, metaConsumers, stageConsumers } from '../../../src/lib/topology/desired.js';
import { makeConfig } from '../../support/config.js';

const dayNs = 86_400_000_000_000;

const config = makeConfig({
  consumers: [
    { name: 'notifications-consumer', subjects: ['events.totp.requested'] },
    { name: 'analytics-consumer', subjects: ['events.>'], ordered: true, start: { at: 'new' } },
  ],
  external: [
    {
      name: 'rust-worker',
      subjects: ['events.totp.>'],
      attempts: 4,
      backoffMs: [2000, 8000],
      ackWaitMs: 2000,
      start: { at: 'new' },
    },
  ],
});
const topology = desiredTopology(config);
const streamNamed = (name: string) => topology.streams.find((one) => one.name === name)?.fields;
const consumerNamed = (name: string) => topology.consumers.find((one) => one.name === name);

describe('desiredTopology: streams', () => {
  it('creates the journal first', () => {
    expect(topology.streams.map(({ name }) => name)).toEqual([
      'events-advisories',
      'events',
      'events-retry',
      'events-dlq',
      'events-operations',
      'events-kept',
    ]);
  });

  it('keeps one pointer a subject in retry and dlq, and removes acked ones in retry only', () => {
    expect(streamNamed('events')).toMatchObject({ retention: 'limits', max_msgs_per_subject: -1 });
    expect(streamNamed('events-retry')).toMatchObject({ retention: 'workqueue', max_msgs_per_subject: 1 });
    expect(streamNamed('events-dlq')).toMatchObject({ retention: 'limits', max_msgs_per_subject: 1 });
    expect(topology.streams.every(({ fields }) => fields.allow_direct === true)).toBe(true);
  });

  it('captures what the server says about the streams that have our consumers, and about no others', () => {
    expect(streamNamed('events-advisories')?.subjects).toEqual([
      'events-advisories.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events-retry.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events-advisories.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events-retry.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events-advisories.>',
    ]);
  });

  it('names the advisories after the names of the streams in the config', () => {
    const renamed = desiredTopology(makeConfig({ streams: { events: { name: 'orders' } } }));
    expect(renamed.streams[0]?.fields.subjects).toContain(
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.orders.>',
    );
  });

  it('takes limits from the config, in the units of the server', () => {
    const settings = {
      maxAgeMs: 86_400_000,
      maxBytes: 5,
      maxMsgs: 6,
      replicas: 3,
      storage: 'memory',
    } as const;
    const fields = desiredTopology(makeConfig({ streams: { events: settings } })).streams[1]?.fields;
    expect(fields).toMatchObject({
      max_age: dayNs,
      max_bytes: 5,
      max_msgs: 6,
      num_replicas: 3,
      storage: 'memory',
    });
  });

  it('cuts the duplicate window to the age: the server refuses a longer one', () => {
    const short = desiredTopology(makeConfig({ streams: { events: { maxAgeMs: 60_000 } } }));
    expect(short.streams[1]?.fields.duplicate_window).toBe(60_000_000_000);
  });
});

describe('desiredTopology: consumers', () => {
  it('lets the server never give up, and never stall behind what is in backoff', () => {
    for (const { fields } of topology.consumers.filter(({ name }) => name !== 'rust-worker')) {
      expect(fields).toMatchObject({ max_deliver: -1, ack_policy: 'explicit', backoff: [] });
    }
    const stalled = topology.consumers.filter(({ fields }) => fields.max_ack_pending !== -1);
    expect(stalled.map(({ name }) => name)).toEqual(['analytics-consumer']);
    expect(consumerNamed('analytics-consumer')?.fields.max_ack_pending).toBe(1);
  });

  it('gives each consumer its three stages on the three streams', () => {
    expect(consumerNamed('notifications-consumer')).toMatchObject({
      stream: 'events',
      fields: { filter_subjects: ['events.totp.requested'], ack_wait: 2_000_000_000, deliver_policy: 'all' },
    });
    expect(consumerNamed('notifications-consumer-retry')).toMatchObject({
      stream: 'events-retry',
      fields: { filter_subjects: ['events-retry.notifications-consumer.>'], ack_wait: 30_000_000_000 },
    });
    expect(consumerNamed('notifications-consumer-dlq')).toMatchObject({
      stream: 'events-dlq',
      fields: { filter_subjects: ['events-dlq.notifications-consumer.>'] },
    });
  });

  it('lets the server count for an external consumer, which has no retry stage', () => {
    const own = topology.consumers.filter(({ serves }) => serves === 'rust-worker');
    expect(own.map(({ name }) => name)).toEqual(['rust-worker-dlq', 'rust-worker']);
    expect(consumerNamed('rust-worker')).toMatchObject({
      stream: 'events',
      fields: {
        filter_subjects: ['events.totp.>'],
        max_deliver: 4,
        backoff: [2_000_000_000, 8_000_000_000],
        ack_wait: 2_000_000_000,
        ack_policy: 'explicit',
        deliver_policy: 'new',
      },
    });
    expect(consumerNamed('rust-worker-dlq')?.fields).toMatchObject({
      filter_subjects: ['events-dlq.rust-worker.>'],
      max_deliver: -1,
    });
  });

  it('makes the retry consumer even where the retry stage is off: replay needs it', () => {
    const retry = { enabled: false, delayMs: 0, attempts: 3, backoffMs: [] };
    const off = desiredTopology(makeConfig({ consumers: [{ name: 'audit', retry }] }));
    expect(off.consumers.map(({ name }) => name)).toContain('audit-retry');
  });

  it.each([
    [{ at: 'all' } as const, { deliver_policy: 'all' }],
    [{ at: 'new' } as const, { deliver_policy: 'new' }],
    [{ at: 'last-per-subject' } as const, { deliver_policy: 'last_per_subject' }],
    [{ at: 'seq', seq: 7 } as const, { deliver_policy: 'by_start_sequence', opt_start_seq: 7 }],
    [
      { at: 'time', time: '2026-01-31T12:00:00Z' } as const,
      { deliver_policy: 'by_start_time', opt_start_time: '2026-01-31T12:00:00Z' },
    ],
  ])('starts at %j', (start, expected) => {
    const { consumers } = desiredTopology(makeConfig({ consumers: [{ name: 'audit', start }] }));
    expect(consumers.find(({ name }) => name === 'audit')?.fields).toMatchObject(expected);
  });

  it('names the consumers of the stages', () => {
    expect(stageConsumers('C')).toEqual({ main: 'C', retry: 'C-retry', dlq: 'C-dlq' });
  });
});

/** The consumers of the journal that would get a record like this. */
function claimedBy(tier: Tier, kind: ExhaustionKind, consumer: string, stage: Stage): string[] {
  const root = config.roots.advisories;
  const subject = recordSubject(root, { tier, kind, consumer, seq: 1, stage, cycle: 0 });
  return topology.consumers
    .filter(({ role }) => role === 'advisories')
    .filter(({ fields }) => fields.filter_subjects.some((filter) => subjectMatches(filter, subject)))
    .map(({ name }) => name);
}

describe('desiredTopology: who routes whose exhaustion', () => {
  const business = ['notifications-consumer', 'analytics-consumer', 'rust-worker'];

  describe.each(exhaustionKinds)('%s', (kind) => {
    it.each(business.flatMap((name) => [[name, 'main'] as const, [name, 'retry'] as const]))(
      'of %s in %s is claimed by the meta-consumer alone',
      (name, stage) => {
        expect(claimedBy('business', kind, name, stage)).toEqual([metaConsumers.main]);
      },
    );

    it('of each meta-consumer is claimed by the next one alone, and of the last by nobody', () => {
      expect(claimedBy('meta', kind, metaConsumers.main, 'main')).toEqual([metaConsumers.retry]);
      expect(claimedBy('meta', kind, metaConsumers.retry, 'retry')).toEqual([metaConsumers.dlq]);
      expect(claimedBy('meta', kind, metaConsumers.dlq, 'dlq')).toEqual([]);
    });
  });

  it('never lets a consumer read a record about itself, of any kind, ours or the server’s', () => {
    const seen: string[] = [];
    for (const { name, stream, fields } of topology.consumers) {
      const ours = (['business', 'meta'] as const).flatMap((tier) =>
        recordKinds.flatMap((kind) =>
          (['main', 'retry', 'dlq'] as const).map((stage) =>
            recordSubject('events-advisories', { tier, kind, consumer: name, seq: 1, stage, cycle: 0 }),
          ),
        ),
      );
      const native = exhaustionKinds.map((kind) => `$JS.EVENT.ADVISORY.CONSUMER.${kind}.${stream}.${name}`);
      // A consumer of the journal writes records in tier meta, every other one in tier business.
      const isMeta = stream === 'events-advisories';
      for (const subject of [...ours, ...native]) {
        if (subject.startsWith(`events-advisories.${isMeta ? 'business' : 'meta'}.`)) continue;
        if (fields.filter_subjects.some((filter) => subjectMatches(filter, subject)))
          seen.push(`${name}: ${subject}`);
      }
    }
    expect(seen).toEqual([]);
  });

  it.each(exhaustionKinds.flatMap((kind) => [[kind, 'events'] as const, [kind, 'events-retry'] as const]))(
    'gives the server’s own advisories %s about %s to the meta-consumer alone',
    (kind, stream) => {
      const subject = nativeAdvisorySubject(kind, stream, 'rust-worker');
      const claimed = topology.consumers.filter(({ fields }) =>
        fields.filter_subjects.some((filter) => subjectMatches(filter, subject)),
      );
      expect(claimed.map(({ name }) => name)).toEqual([metaConsumers.main]);
    },
  );
});
