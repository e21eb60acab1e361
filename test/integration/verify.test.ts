import { systemClock } from '../../src/lib/flow/clock.js';
import { placesOf } from '../../src/lib/pipeline/places.js';
import { clockAt, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handler } from '../../src/lib/handlers/contract.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { repairVerified } from '../../src/lib/verify/repair/repair.js';
import type { Problem, Verification, Verified } from '../../src/lib/verify/verification.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Origin } from '../../src/lib/domain/key.js';
import { Reject } from '../../src/lib/domain/outcome.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { subjectOf } from '../../src/lib/journal/record-about.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { writePointer } from '../../src/lib/pointers/write-pointer.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { consumer, exhaustionOf, journal, makePointer, originAt } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { startCluster } from '../support/nats-server.js';
import { connectTo, type TestBed, testBed } from '../support/pipeline.js';
import { pullAndAck } from '../support/pull.js';
import { replay } from '../support/replay.js';
import { worded } from '../support/suggestions.js';
import { cannotPause } from '../support/can-pause.js';

const failing: Handler = async () => {
  throw new Error('connection refused');
};

function verify(bed: TestBed, now = systemClock.now): Promise<Verified> {
  return verifyPipeline(pipelineOf(bed.link, bed.config, { clock: clockAt(now) }));
}

function tools({ link, config }: TestBed): Pipeline {
  return pipelineOf(link, config, { identity: { operator: 'ada@test' } });
}

/** Kinds and ids, in order. */
function named({ problems }: Verification): string[] {
  return problems
    .map(({ kind, id, consumer: name, stream }) => `${kind} ${id ?? name ?? stream}`)
    .toSorted((a, b) => a.localeCompare(b));
}

/** Deletes the last message of a subject of a stream. */
async function removeLast(bed: TestBed, stream: string, subject: string): Promise<void> {
  const message = await bed.link.readLast(stream, subject);
  if (!message) throw new Error(`nothing on ${subject}`);
  await bed.link.deleteMessage(stream, message.seq);
}

const parking = [
  { name: consumer, retry: { enabled: true, delayMs: 600_000, attempts: 3, backoffMs: [20] } },
];

/** Five events are exhausted in the main stage and parked; five that are rejected are dead. */
async function troubledBed(): Promise<TestBed> {
  const bed = await testBed({ consumers: parking });
  const run = await bed.run({
    [consumer]: async ({ data }) => {
      throw (data as { dead?: boolean }).dead ? new Reject('no such user') : new Error('connection refused');
    },
  });
  for (let i = 0; i < 5; i++) {
    await bed.publish('totp.requested', {}, `parked-${i}`);
    await bed.publish('totp.requested', { dead: true }, `dead-${i}`);
  }
  await run.until((events) => events.filter(({ type }) => type === 'routed').length === 10);
  await run.until((events) => events.filter(({ type }) => type === 'dead-letter').length === 5);
  await run.stop();
  return bed;
}

describe('verifyPipeline', () => {
  it('finds nothing wrong with a pipeline that works, whatever its events are up to', async () => {
    const bed = await troubledBed();
    const { report } = await verify(bed);
    expect(report).toMatchObject({
      pipeline: 'test',
      server: bed.link.server,
      ok: true,
      problems: [],
      checked: { exhaustions: 10, pointers: 5, deadLetters: 5, originals: 10, inFlight: 0 },
    });
    expect(report.warnings.map(({ kind }) => kind)).toEqual([
      'single-replica',
      'sync-interval',
      'not-running',
    ]);
  });

  it('names exactly the advisory, the pointer, the dead letter and the original that were removed', async () => {
    const bed = await troubledBed();
    await removeLast(
      bed,
      'events-advisories',
      `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`,
    );
    await removeLast(bed, 'events-retry', `events-retry.${consumer}.3`);
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.4`);
    await bed.link.deleteMessage('events', 6);
    const found = await verify(bed);
    expect(found.report.ok).toBe(false);
    expect(named(found.report)).toEqual([
      `dead-letter-missing ${consumer}/4`,
      `exhaustion-missing ${consumer}/1`,
      `pointer-missing ${consumer}/3`,
    ]);

    const repaired = await repairVerified(tools(bed), found);
    expect(repaired.repaired?.map(({ kind, id }) => `${kind} ${id}`).toSorted()).toEqual([
      `dead-letter-missing ${consumer}/4`,
      `exhaustion-missing ${consumer}/1`,
      `pointer-missing ${consumer}/3`,
    ]);
    expect(named(repaired)).toEqual([]);
    expect(named((await verify(bed)).report)).toEqual([]);
    // Its dead letter can only be discarded: that breaks no promise.
    expect(repaired.warnings.find(({ kind }) => kind === 'original-missing')?.detail).toContain(
      `dead letter ${consumer}/6 is gone`,
    );
    expect(await bed.parked(consumer, 3)).toMatchObject({ stage: 'retry', cycle: 0, notBeforeMs: 0 });
    expect((await bed.dead(consumer, 4))?.pointer.failure.message).toBe('no such user');
    const before = (await bed.journal()).length;
    expect((await repairVerified(tools(bed), found)).problems).toEqual(repaired.problems);
    expect(await bed.journal()).toHaveLength(before);
  });

  /** Dead after its retries, and then the journal loses how its retry stage ended, and the DLQ its dead letter. */
  async function cutOff(): Promise<TestBed> {
    const bed = await testBed();
    const run = await bed.run({ [consumer]: failing }, [consumer]);
    await bed.publish('totp.requested');
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await run.stop();
    await removeLast(
      bed,
      'events-advisories',
      `events-advisories.business.MAX_DELIVERIES.${consumer}.1.retry.0`,
    );
    await removeLast(bed, 'events-advisories', `events-advisories.business.ROUTED.${consumer}.1.retry.0`);
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.1`);
    return bed;
  }

  it('brings an event back whose exhaustion was removed before it was routed, and with it its last failure', async () => {
    const bed = await cutOff();
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`pointer-missing ${consumer}/1`]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect(await bed.parked(consumer, 1)).toMatchObject({ attempts: { main: 3, retry: 0 } });
    expect((await verify(bed)).report.problems).toEqual([]);
  });

  it('restores an exhaustion that was removed, where its last failure is a record of its own', async () => {
    const bed = await cutOff();
    const origin = await originAt(bed, 1);
    await journal(
      bed,
      { tier: 'business', consumer, origin, stage: 'retry', cycle: 0 },
      { kind: 'ATTEMPT_FAILED', attempt: 3, error: makeFailure('error', 'Error', 'connection refused') },
    );
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`exhaustion-missing ${consumer}/1`]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect((await bed.dead(consumer, 1))?.pointer).toMatchObject({
      attempts: { main: 3, retry: 3 },
      failure: { message: 'connection refused' },
    });
    expect((await verify(bed)).report.problems).toEqual([]);
  });

  it('restores one of a last attempt that was alone and left no report, with the last failure that was told', async () => {
    const bed = await cutOff();
    const origin = await originAt(bed, 1);
    await journal(
      bed,
      { tier: 'business', consumer, origin, stage: 'retry', cycle: 0 },
      { kind: 'ATTEMPT_STARTED', attempt: 3, alone: true },
    );
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`exhaustion-missing ${consumer}/1`]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect((await bed.dead(consumer, 1))?.pointer).toMatchObject({
      attempts: { main: 3, retry: 3 },
      failure: { message: 'connection refused' },
    });
    expect((await verify(bed)).report.problems).toEqual([]);
  });

  it('restores one of a main stage of which only the start of its last attempt is left', async () => {
    const bed = await testBed();
    const origin = await originAt(bed, await bed.publish('totp.requested'));
    await journal(
      bed,
      { tier: 'business', consumer, origin, stage: 'main', cycle: 0 },
      { kind: 'ATTEMPT_STARTED', attempt: 3 },
    );
    expect((await verify(bed)).report.problems).toEqual([]);
    await pullAndAck(bed.link, 'events', consumer, 1);
    const settled = async (): Promise<boolean> =>
      (await bed.link.consumerInfo('events', consumer))?.num_ack_pending === 0;
    await eventually('the ack has arrived', settled);
    const found = await verify(bed);
    expect(found.report.problems).toMatchObject([
      { kind: 'exhaustion-missing', id: `${consumer}/1`, repairable: true },
    ]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect(await bed.parked(consumer, 1)).toMatchObject({
      attempts: { main: 3, retry: 0 },
      failure: { kind: 'no-report' },
    });
    expect((await verify(bed)).report.problems).toEqual([]);
  });

  it('never cries wolf while events fail, are retried, die, are replayed and resolved', async () => {
    const flaky: Handler = async ({ seq }, { cycle, stage, attempt }) => {
      const fate = (seq * 7 + cycle * 3 + (stage === 'main' ? 0 : 5) + attempt) % 11;
      if (fate < 2) throw new Reject('no such user');
      if (fate < 8) throw new Error('connection refused');
    };
    const bed = await testBed({
      consumers: [
        { name: consumer, retry: { enabled: true, delayMs: 30, attempts: 2, backoffMs: [10] } },
        { name: 'audit-consumer', retry: { enabled: false, delayMs: 0, attempts: 2, backoffMs: [10] } },
      ],
    });
    const run = await bed.run({ [consumer]: flaky, 'audit-consumer': flaky });
    const enough = 5;
    let verified = 0;
    let done = false;
    const load = (async () => {
      do {
        for (let i = 0; i < 50; i++) await bed.publish('totp.requested');
        await replay(bed);
      } while (verified < enough);
      await bed.quiet();
      done = true;
    })();
    const problems: Problem[] = [];
    do {
      const { report } = await verify(bed);
      problems.push(...report.problems);
      verified++;
    } while (!done);
    await load;
    expect(verified).toBeGreaterThanOrEqual(enough);
    const last = await verify(bed);
    expect([...problems, ...last.report.problems]).toEqual([]);
    expect(last.report.checked.inFlight).toBe(0);
    await run.stop();
  });

  it('leaves to the meta-consumers what they have not dealt with yet', async () => {
    const bed = await testBed();
    const origin = await originAt(bed, await bed.publish('totp.requested'));
    const x = exhaustionOf(makePointer(origin), 0);
    await bed.link.publish(subjectOf(placesOf(bed.config).journal, x, x.kind), JSON.stringify(x));
    const { report } = await verify(bed);
    expect(report).toMatchObject({ ok: true, checked: { exhaustions: 1, inFlight: 1 } });
    const waiting = report.warnings.filter(({ kind }) => kind === 'not-running');
    expect(waiting.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('nothing is running meta-consumer now: 1 not delivered'),
      ]),
    );
  });

  it('is content with an exhaustion whose pointer was moved to another name before that was routed', async () => {
    const bed = await troubledBed();
    const { pointer } = (await bed.dead(consumer, 4)) ?? {};
    if (!pointer) throw new Error('no dead letter 4');
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.4`);
    await removeLast(bed, 'events-advisories', `events-advisories.business.ROUTED.${consumer}.4.main.0`);
    await journal(bed, keyOf(pointer, 'dlq'), { kind: 'MOVED', movedTo: 'its-new-name' });
    expect(named((await verify(bed)).report)).toEqual([]);
  });

  it('routes what an exhaustion has not led to', async () => {
    const bed = await troubledBed();
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.4`);
    await removeLast(bed, 'events-advisories', `events-advisories.business.ROUTED.${consumer}.4.main.0`);
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`not-routed ${consumer}/4`]);
    expect(await repairVerified(tools(bed), found)).toMatchObject({
      ok: true,
      repaired: [{ kind: 'not-routed', id: `${consumer}/4`, detail: 'routed to dlq' }],
    });
    expect((await verify(bed)).report.problems).toEqual([]);
    expect((await bed.dead(consumer, 4))?.pointer.failure.message).toBe('no such user');
  });

  it('an exhaustion that was restored is not routed again, whatever became of its pointer meanwhile', async () => {
    const bed = await troubledBed();
    const run = await bed.run({ [consumer]: failing });
    await bed.publish('totp.requested');
    // From here on the meta-consumer trusts what it reads for the first time.
    await run.until(() => run.count('routed') === 1);
    const exhaustion = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
    await removeLast(bed, 'events-advisories', exhaustion);
    const found = await verify(bed);
    const pointer = await bed.parked(consumer, 1);
    if (!pointer) throw new Error('nothing is parked');
    await journal(bed, keyOf(pointer, 'retry'), { kind: 'MOVED', movedTo: 'its-new-name' });
    await removeLast(bed, 'events-retry', `events-retry.${consumer}.1`);
    expect(await repairVerified(tools(bed), found)).toMatchObject({
      repaired: [{ id: `${consumer}/1`, detail: 'its exhaustion is back in the journal; it was routed' }],
    });
    await run.until(() => run.count('not-routed') + run.count('routed') === 2);
    await run.stop();
    expect(await bed.parked(consumer, 1)).toBeUndefined();
  });

  it('says what waits, and for whom, where nothing is broken', async () => {
    const bed = await troubledBed();
    await bed.publish('totp.requested');
    const { report } = await verify(bed);
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(report.waiting).toContainEqual({
      consumer,
      stream: 'events',
      notDelivered: 1,
      unacknowledged: 0,
    });
    const retries = report.waiting.find((one) => one.consumer === `${consumer}-retry`);
    expect((retries?.notDelivered ?? 0) + (retries?.unacknowledged ?? 0)).toBe(5);
    expect(report.waiting.map((one) => one.consumer)).not.toContain('meta-consumer');
  });

  it('says that a consumer is paused, and until when', async ({ skip }) => {
    const bed = await testBed();
    skip(...cannotPause(bed.link));
    await bed.link.jsm.consumers.pause('events', consumer, new Date('2036-01-01T00:00:00Z'));
    await bed.publish('totp.requested');
    const { report } = await verify(bed);
    expect(report.ok).toBe(true);
    expect(report.warnings).toContainEqual({
      kind: 'standstill',
      detail: `${consumer}: paused until 2036-01-01T00:00:00.000Z`,
    });
  });

  it('tells how far it is', async () => {
    const bed = await troubledBed();
    const told: string[] = [];
    await verifyPipeline(pipelineOf(bed.link, bed.config), {
      onRead: ({ what, done, of }) => told.push(`${what} ${done}/${of}`),
    });
    expect(told).toContain('waiting retries 5/5');
    expect(told).toContain('dead letters 5/5');
    const { messages = 0 } = (await bed.link.streamInfo('events-advisories'))?.state ?? {};
    expect(told).toContain(`records of the journal ${messages}/${messages}`);
  });

  it('names a replay whose pointer is gone, and brings it back in its cycle', async () => {
    const bed = await troubledBed();
    await replay(bed, { ids: [`${consumer}/2`] });
    await removeLast(bed, 'events-retry', `events-retry.${consumer}.2`);
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`pointer-missing ${consumer}/2`]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect(await bed.parked(consumer, 2)).toMatchObject({ cycle: 1, failure: { message: 'no such user' } });
    expect((await verify(bed)).report.ok).toBe(true);
  });

  it('tells a replaced original from a missing one', async () => {
    const bed = await troubledBed();
    await deleteStream(bed.link, 'events');
    await applyTopology(bed.link, bed.config);
    await bed.publish('totp.requested');
    const { report } = await verify(bed);
    const kinds = report.problems.map(({ kind }) => kind).toSorted();
    // Of the five that wait for their retry; the other five are dead.
    expect(kinds).toEqual([...Array<string>(4).fill('original-missing'), 'original-replaced']);
    expect(report.warnings.find(({ kind }) => kind === 'original-missing')?.detail).toMatch(
      /^the originals of 5 dead letters are gone or replaced, e\.g\. /,
    );
    expect(report.problems.find(({ kind }) => kind === 'original-replaced')?.id).toBe(`${consumer}/1`);
  });

  it('names an event that was removed before its consumer had processed it', async () => {
    const bed = await testBed({ consumers: [{ name: consumer }] });
    const { opened, open } = latch();
    let inHand = false;
    await bed.run({
      [consumer]: () => {
        inHand = true;
        return opened;
      },
    });
    onTestFinished(open);
    await bed.publish('totp.requested');
    await eventually('a handler has it', () => inHand);
    // Of one that was given back for later, the server says nothing.
    await bed.link.deleteMessage('events', 1);
    await eventually('the server says so', async () => {
      const info = await bed.link.streamInfo('events-advisories', '$JS.EVENT.ADVISORY.>');
      return Object.keys(info?.state.subjects ?? {}).length > 0;
    });
    expect(named((await verify(bed)).report)).toEqual([`event-lost ${consumer}/1`]);
  });

  it('names drift, missing streams, and consumers that are about to lose events', async () => {
    const bed = await testBed({ streams: { events: { maxAgeMs: 3_600_000 } } });
    await bed.publish('totp.requested');
    const kinds = async (minutes: number): Promise<unknown[]> => {
      const { report } = await verify(bed, () => Date.now() + minutes * 60_000);
      return [...report.problems, ...report.warnings].filter(({ kind }) => kind === 'behind');
    };
    expect(await kinds(20)).toEqual([]);
    expect(await kinds(40)).toMatchObject([
      { detail: expect.stringMatching(`^${consumer}: 1 unprocessed in events, the oldest \\(1\\)`) },
    ]);
    expect(await kinds(57)).toMatchObject([{ consumer, stream: 'events', repairable: false }]);

    await bed.link.jsm.streams.update('events', { max_msgs: 10 });
    await bed.link.jsm.consumers.delete('events-retry', `${consumer}-retry`);
    for (let i = 0; i < 12; i++) await bed.publish('totp.requested');
    // Three of the thirteen are gone already, of the others one goes next.
    expect(named((await verify(bed)).report)).toEqual([
      `behind ${consumer}`,
      'drift events',
      `drift ${consumer}-retry`,
      `event-lost ${consumer}`,
    ]);
    await deleteStream(bed.link, 'events-dlq');
    expect(named((await verify(bed)).report)).toContain('drift events-dlq');
  });

  it('names what another owner has made under our names once, and what to do about it', async () => {
    const bed = await testBed();
    const { jsm } = bed.link;
    await jsm.consumers.delete('events', consumer);
    await jsm.consumers.add('events', { durable_name: consumer, metadata: { owner: 'ops' } });
    const metadata = { 'plutomi-events.pipeline': 'other' };
    await jsm.streams.update('events-dlq', { metadata });
    await jsm.consumers.update('events-retry', `${consumer}-retry`, { ack_wait: 1e9 });
    const { problems } = (await verify(bed)).report;
    const about = ({ stream, consumer: name }: Problem): boolean =>
      stream === 'events-dlq' && name === undefined ? true : stream === 'events' && name === consumer;
    expect(problems.filter(about)).toEqual([
      expect.objectContaining({
        kind: 'conflict',
        stream: 'events-dlq',
        detail: 'stream events-dlq exists and belongs to the pipeline "other"',
        suggestions: expect.arrayContaining([
          worded('take it over, with what it holds: plutomi-events pipeline apply --adopt'),
        ]),
      }),
      expect.objectContaining({
        kind: 'conflict',
        stream: 'events',
        consumer,
        detail: `consumer events/${consumer} exists and belongs to no pipeline`,
      }),
    ]);
    // What is ours and differs is told as before.
    expect(problems.filter(({ kind }) => kind === 'drift')).toMatchObject([
      { consumer: `${consumer}-retry` },
    ]);
  });

  it('warns of what waits while the journal forgets it, past half of the age of the journal', async () => {
    const dayMs = 86_400_000;
    const bed = await testBed({ consumers: parking, streams: { events: { maxAgeMs: 0 } } });
    const run = await bed.run({ [consumer]: failing });
    for (let i = 0; i < 2; i++) await bed.publish('totp.requested', {});
    await run.until((events) => events.filter(({ type }) => type === 'routed').length === 2);
    await run.stop();
    const behindIn = async (days: number): Promise<string[]> =>
      (await verify(bed, () => Date.now() + days * dayMs)).report.warnings
        .filter(({ kind }) => kind === 'behind')
        .map(({ detail }) => detail.replace(/from 20[^:]*:\d\d:[\d.]+Z/, 'from <time>'));
    expect(await behindIn(14)).toEqual([]);
    expect(await behindIn(16)).toEqual([
      expect.stringMatching(
        /^notifications-consumer-retry: 2 unprocessed in events-retry, the oldest \(1\) from <time>: the journal forgets its attempts in 1[34]d/,
      ),
    ]);
    expect(await behindIn(31)).toEqual([
      'notifications-consumer-retry: 2 unprocessed in events-retry, the oldest (1) from <time>: the journal may have forgotten its attempts',
    ]);
  });

  it('follows what could not be routed to its dead letter', async () => {
    const bed = await testBed({ meta: { attempts: 1, backoffMs: [] } });
    const forged = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
    const { seq } = await bed.link.publish(forged, 'not a record');
    const run = await bed.run({ [consumer]: failing });
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await bed.quiet();
    await run.stop();
    const { report } = await verify(bed);
    expect(report).toMatchObject({ ok: true, checked: { deadLetters: 1, inFlight: 0 } });
    expect(report.warnings.map(({ kind }) => kind)).toContain('malformed');
    await removeLast(bed, 'events-dlq', `events-dlq.meta-consumer.${seq}`);
    const found = await verify(bed);
    expect(found.report.problems).toMatchObject([
      { kind: 'dead-letter-missing', id: `meta-consumer/${seq}`, repairable: false },
    ]);
    expect((await repairVerified(tools(bed), found)).problems).toEqual(found.report.problems);
  });

  it('routes now what had gone to the DLQ unrouted and is not there', async () => {
    const bed = await testBed();
    const x = exhaustionOf(makePointer(await originAt(bed, await bed.publish('totp.requested'))), 0);
    const { seq } = await bed.link.publish(
      subjectOf(placesOf(bed.config).journal, x, x.kind),
      JSON.stringify(x),
    );
    const record = await originOfRecord(bed, seq);
    const meta = { tier: 'meta', stage: 'main', cycle: 0, origin: record } as const;
    await journal(bed, { ...meta, consumer: 'meta-consumer-retry' }, { kind: 'ROUTED', to: 'dlq' });
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`dead-letter-missing meta-consumer/${seq}`]);
    const repaired = await repairVerified(tools(bed), found);
    expect(repaired).toMatchObject({ ok: true, repaired: [{ detail: 'routed to dlq' }] });
    expect(await bed.dead(consumer, 1)).toBeDefined();
    expect((await verify(bed)).report.problems).toEqual([]);
  });

  it('warns of streams that refuse what is too much, and of streams in memory', async () => {
    const bed = await testBed({ streams: { retry: { maxMsgs: 1 }, dlq: { storage: 'memory' } } });
    const pointer = makePointer(await originAt(bed, await bed.publish('totp.requested')), { stage: 'retry' });
    await writePointer(bed.link, placesOf(bed.config).retry, pointer);
    const { report } = await verify(bed);
    expect(report.ok).toBe(true);
    const detail = (wanted: string): string | undefined =>
      report.warnings.find(({ kind }) => kind === wanted)?.detail;
    expect(detail('nearly-full')).toContain('events-retry is 100 % full');
    expect(detail('memory-storage')).toMatch(/^in memory: events-dlq\./);
  });

  it('is content with a cluster, names a replica that is down, and reads on', async () => {
    const cluster = await startCluster();
    onTestFinished(() => cluster.stop());
    const link = await connectTo(cluster.url);
    const three = { replicas: 3 };
    const config = makeConfig({
      streams: {
        events: three,
        retry: three,
        dlq: three,
        advisories: three,
        operations: three,
        kept: three,
      },
    });
    await applyTopology(link, config);
    const check = async (): Promise<Verification> => (await verifyPipeline(pipelineOf(link, config))).report;
    expect(await check()).toMatchObject({ ok: true });
    expect((await check()).warnings.map(({ kind }) => kind)).not.toContain('single-replica');
    const ours = new URL(`nats://${link.nc.getServer()}`).port;
    const node = cluster.nodes.find(({ url }) => new URL(url).port !== ours);
    await node?.stop();
    // While leaders are elected there may be no answer.
    const problems = (): Promise<string[]> => check().then(named, () => []);
    await eventually('the cluster knows', async () => (await problems()).length >= 6, 20_000);
    expect(await problems()).toEqual([
      'replica-down events',
      'replica-down events-advisories',
      'replica-down events-dlq',
      'replica-down events-kept',
      'replica-down events-operations',
      'replica-down events-retry',
    ]);
  }, 60_000);
});

async function originOfRecord(bed: TestBed, seq: number): Promise<Origin> {
  const message = await bed.link.readFromLeader('events-advisories', seq);
  if (!message) throw new Error(`no record ${seq}`);
  const { stream, subject, time } = message;
  return { stream, seq, subject, time };
}
