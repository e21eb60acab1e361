import { clockAt, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it, type TestContext } from 'vitest';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { updateStream } from '../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { checkExpired } from '../../src/lib/verify/checks/check-expired.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { buryEvent, consumer, originAt } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const second = 1_000_000_000;

async function bedSince(
  version: string,
  { skip }: TestContext,
  overrides: Parameters<typeof testBed>[0] = {},
): Promise<TestBed> {
  const bed = await testBed(overrides);
  skip(!versionAtLeast(bed.link.serverVersion, version), `this needs nats-server ${version}`);
  return bed;
}

describe('an event with a life of its own', () => {
  it('is said to expire when it does, by dlq list, dlq show and events explain', async (context) => {
    const bed = await bedSince('2.11.0', context);
    const { link, config } = bed;
    await updateStream(link, 'events', { max_age: 3600 * second, allow_msg_ttl: true });
    const expected = new Map<string, number | null>([
      ['1m', 60_000],
      ['7200', 3_600_000],
      ['never', null],
      ['', 3_600_000],
    ]);
    for (const ttl of expected.keys()) {
      await link.publish('events.totp.requested', '{}', ttl === '' ? {} : { headers: { 'Nats-TTL': ttl } });
    }
    for (let seq = 1; seq <= expected.size; seq++) await buryEvent(bed, await originAt(bed, seq));
    const { items } = await listDeadLetters(pipelineOf(link, config));
    const expiries = async (seq: number): Promise<(string | null | undefined)[]> => {
      const shown = await showDeadLetter(pipelineOf(link, config), `${consumer}/${seq}`);
      const explained = await explainEvent(pipelineOf(link, config), String(seq));
      const listed = items.find((item) => item.seq === seq);
      return [listed?.originalExpiresAt, shown.originalExpiresAt, explained.event?.expiresAt];
    };
    for (const [i, lifeMs] of [...expected.values()].entries()) {
      const { time } = (await showDeadLetter(pipelineOf(link, config), `${consumer}/${i + 1}`)).event ?? {
        time: '',
      };
      const at = lifeMs === null ? null : new Date(Date.parse(time) + lifeMs).toISOString();
      expect(await expiries(i + 1)).toEqual([at, at, at]);
    }
  });

  it('is what verify goes by', async (context) => {
    const bed = await bedSince('2.11.0', context);
    await updateStream(bed.link, 'events', { allow_msg_ttl: true });
    await bed.link.publish('events.totp.requested', '{}', { headers: { 'Nats-TTL': '10m' } });
    const at = (ms: number) =>
      verifyPipeline(pipelineOf(bed.link, bed.config, { clock: clockAt(() => Date.now() + ms) }));
    expect((await at(0)).report.warnings.filter(({ kind }) => kind === 'behind')).toEqual([]);
    expect((await at(570_000)).report.problems).toEqual([
      expect.objectContaining({ kind: 'behind', consumer, detail: expect.stringContaining('by age in') }),
    ]);
  });
});

describe('what the server keeps in a stream for itself', () => {
  it('is told as what it is by events explain, and is nothing that verify misses', async (context) => {
    const bed = await bedSince('2.12.0', context);
    const { link, config } = bed;
    const marked = {
      max_age: second,
      duplicate_window: second,
      allow_msg_ttl: true,
      subject_delete_marker_ttl: 60 * second,
    };
    await updateStream(link, 'events', { ...marked, allow_msg_schedules: true });
    await updateStream(link, 'events-advisories', marked);
    await link.publish('events.short', '{}');
    await link.publish(`events-advisories.business.MAX_DELIVERIES.${consumer}.7.main.0`, '{}');
    const markerOf = async (stream: string): Promise<number | undefined> => {
      const message = await link.readLast(stream, '>');
      return message?.headers['Nats-Marker-Reason'] === undefined ? undefined : message.seq;
    };
    await eventually('both have their markers', async () => {
      const found = await Promise.all([markerOf('events'), markerOf('events-advisories')]);
      return found.every((seq) => seq !== undefined);
    });
    const marker = await markerOf('events');
    const longer = { max_age: 3600 * second };
    await updateStream(link, 'events', longer);
    await updateStream(link, 'events-advisories', longer);
    const { seq: schedule } = await link.publish('events.planned.job', '{}', {
      headers: {
        'Nats-Schedule': `@at ${new Date(Date.now() + 3_600_000).toISOString()}`,
        'Nats-Schedule-Target': 'events.job',
      },
    });

    const explain = (seq: number | undefined) => explainEvent(pipelineOf(link, config), String(seq));
    await expect(explain(marker)).rejects.toMatchObject({
      code: 'NOT_AN_EVENT',
      message: expect.stringContaining('a delete marker (MaxAge)'),
    });
    await expect(explain(schedule)).rejects.toMatchObject({
      code: 'NOT_AN_EVENT',
      message: expect.stringContaining('a schedule'),
    });

    // Somebody else's, which it counts.
    await link.publish('events-dlq.somebody.1', 'hello');
    const later = (): number => Date.now() + 3_540_000;
    const { report } = await verifyPipeline(pipelineOf(link, config, { clock: clockAt(later) }));
    expect(report.warnings.filter(({ kind }) => kind === 'malformed')).toEqual([
      { kind: 'malformed', detail: expect.stringMatching(/^1 message/) },
    ]);
    expect(report.problems.filter(({ detail }) => detail.includes('unprocessed'))).toEqual([]);
  });
});

describe('events that leave their stream before a consumer is given them', () => {
  const events = [
    { type: 'totp.requested', subject: 'events.totp.requested' },
    { type: 'order.placed', subject: 'events.order.placed' },
  ];

  it('are counted by verify while the server tells of them', async () => {
    const some = 'orders-consumer';
    const consumers = [{ name: consumer }, { name: some, subjects: ['events.order.placed'] }];
    const bed = await testBed({ events, consumers });
    const { link, config } = bed;
    for (let i = 0; i < 5; i++) await bed.publish('totp.requested', {});
    const found = async () => (await verifyPipeline(pipelineOf(link, config))).report;
    const told = ({ problems, warnings }: Awaited<ReturnType<typeof found>>): unknown[] =>
      [...problems, ...warnings].flatMap(({ kind, detail }) =>
        kind === 'behind' || kind === 'event-lost' ? [`${kind}: ${detail.split(',')[0]}`] : [],
      );
    expect(told(await found())).toEqual([]);
    await updateStream(link, 'events', { max_age: second, duplicate_window: second });
    await eventually('all have expired', async () => {
      return (await link.streamInfo('events'))?.state.messages === 0;
    });
    await updateStream(link, 'events', { max_age: 0, duplicate_window: 120 * second });
    const report = await found();
    expect(report.ok).toBe(false);
    expect(told(report)).toEqual([
      'event-lost: 5 messages (1 to 5) left events',
      `behind: ${some}: 5 messages (1 to 5) left events`,
    ]);

    // One that is younger than the stream may have had a predecessor that was given them.
    const [stream, info] = [await link.streamInfo('events'), await link.consumerInfo('events', consumer)];
    if (!stream || !info) throw new Error('stream or consumer is missing');
    const younger = { ...info, created: new Date(Date.parse(stream.created) + 60_000).toISOString() };
    const marking = { ...stream, config: { ...stream.config, subject_delete_marker_ttl: 60 * second } };
    expect(checkExpired(config, new Map([['events', marking]]), [info])).toMatchObject({
      problems: [],
      warnings: [{ kind: 'behind', detail: expect.stringContaining('delete markers and schedules') }],
    });
    expect(checkExpired(config, new Map([['events', stream]]), [younger])).toMatchObject({
      problems: [],
      warnings: [
        {
          kind: 'behind',
          detail: expect.stringContaining('may have gone to an earlier consumer of that name'),
        },
      ],
    });

    // Who takes the next one is past them, and nobody can tell any more.
    const run = await bed.run({ [consumer]: () => {}, [some]: () => {} });
    await bed.publish('totp.requested', {});
    await run.until((seen) => seen.some(({ type }) => type === 'succeeded'));
    await bed.quiet();
    expect(told(await found())).toEqual([]);
  });
});
