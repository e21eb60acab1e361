import { placesOf } from '../../src/lib/pipeline/places.js';
import { clockAt, overLink, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, test } from 'vitest';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { advisoryLine } from '../../src/lib/journal/advisory-line.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { repairVerified } from '../../src/lib/verify/repair/repair.js';
import type { Verification, Verified } from '../../src/lib/verify/verification.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { makeConfig, makeConsumer } from '../support/config.js';
import { bury, makePointer, originAt } from '../support/dead-letters.js';
import { forge, startExternalWorker } from '../support/external.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { pullAndAck, pullMessages } from '../support/pull.js';
import { writePointer } from '../../src/lib/pointers/write-pointer.js';

const rust = { name: 'rust', subjects: ['events.job.>'] };

function bedOfRust(): Promise<TestBed> {
  return testBed({ consumers: [], external: [rust] });
}

function verify(bed: TestBed, now = Date.now): Promise<Verified> {
  return verifyPipeline(pipelineOf(bed.link, bed.config, { clock: clockAt(now) }));
}

function named({ problems }: Verification): string[] {
  return problems
    .map(({ kind, id, consumer }) => `${kind} ${id ?? consumer}`)
    .toSorted((a, b) => a.localeCompare(b));
}

function tools({ link, config }: TestBed): Pipeline {
  return pipelineOf(link, config, { identity: { operator: 'ada@test' } });
}

/** The journal has `count` advisories of the server, and nobody of ours reads them. */
async function advised(bed: TestBed, count: number): Promise<void> {
  await eventually(
    'the advisories are stored',
    async () => (await bed.link.streamInfo('events-advisories'))?.state.messages === count,
    20_000,
  );
}

/** As a meta-consumer that lets go of what it reads and does nothing. */
async function letGoOf(bed: TestBed, count: number): Promise<void> {
  await pullAndAck(bed.link, 'events-advisories', 'meta-consumer', count);
  await eventually('the acks have arrived', async () => {
    const info = await bed.link.consumerInfo('events-advisories', 'meta-consumer');
    return info?.num_ack_pending === 0;
  });
}

describe('pipeline verify', () => {
  test('is content with what was given up, termed, acknowledged, and told again', async () => {
    const bed = await bedOfRust();
    const run = await bed.run({});
    startExternalWorker(bed.server.url, 'rust');
    for (const what of ['ack', 'nak', 'term', 'nak']) await bed.publish('job.a', { do: what });
    await eventually(
      'three are dead',
      async () => (await bed.link.streamInfo('events-dlq'))?.state.messages === 3,
    );
    await forge(bed.link, { seq: 2 });
    await forge(bed.link, { seq: 77 });
    await eventually('the meta-consumer is done', async () => {
      const info = await bed.link.consumerInfo('events-advisories', 'meta-consumer');
      return info?.num_pending === 0 && info.num_ack_pending === 0;
    });
    await run.stop();
    const { report } = await verify(bed);
    expect(report).toMatchObject({ ok: true, checked: { exhaustions: 3, deadLetters: 3, inFlight: 0 } });
    const kinds = report.warnings.map(({ kind }) => kind);
    expect(kinds).toContain('external');
    expect(kinds).toContain('refused-advisory');
  });

  test('a routing without an exhaustion of ours is none that is missing', async () => {
    const bed = await bedOfRust();
    const run = await bed.run({});
    startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'term' });
    await eventually('it is dead', async () => (await bed.dead('rust', 1)) !== undefined);
    await run.stop();
    const record = await bed.link.readLast(
      'events-advisories',
      'events-advisories.business.MSG_TERMINATED.rust.1.main.0',
    );
    await bed.link.deleteMessage('events-advisories', record?.seq ?? 0);
    expect(named((await verify(bed)).report)).toEqual([]);
  });

  test('an advisory that nobody routed is in flight, then named; --repair routes it', async () => {
    const bed = await bedOfRust();
    startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'nak' });
    await bed.publish('job.b', { do: 'term', reason: 'no such job' });
    await advised(bed, 2);
    expect((await verify(bed)).report).toMatchObject({ ok: true, checked: { inFlight: 2 } });
    await letGoOf(bed, 2);
    const found = await verify(bed);
    expect(named(found.report)).toEqual(['not-routed rust/1', 'not-routed rust/2']);
    expect(await repairVerified(tools(bed), found)).toMatchObject({
      ok: true,
      repaired: [{ detail: 'routed to dlq' }, { detail: 'routed to dlq' }],
    });
    expect((await bed.dead('rust', 2))?.pointer.failure.message).toBe('no such job');
    expect(await repairVerified(tools(bed), found)).toMatchObject({
      repaired: [{ detail: 'it had moved on by itself: nothing was done' }, {}],
    });
    expect(named((await verify(bed)).report)).toEqual([]);
  });

  test('--repair routes one whose exhaustion was removed, also while the server remembers its message id', async () => {
    const bed = await bedOfRust();
    const run = await bed.run({});
    startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'term', reason: 'no such job' });
    await eventually('it is dead', async () => (await bed.dead('rust', 1)) !== undefined);
    await bed.quiet();
    await run.stop();
    for (const { journalSeq } of await bed.journal()) {
      await bed.link.deleteMessage('events-advisories', journalSeq);
    }
    await bed.link.deleteMessage('events-dlq', (await bed.dead('rust', 1))?.message.seq ?? 0);
    const found = await verify(bed);
    expect(named(found.report)).toEqual(['not-routed rust/1']);
    expect(await repairVerified(tools(bed), found)).toMatchObject({
      ok: true,
      repaired: [{ detail: 'routed to dlq' }],
    });
    expect((await bed.dead('rust', 1))?.pointer.failure.message).toBe('no such job');
    // By way of the meta-consumer it would have been routed twice.
    const records = (await bed.journal()).map(({ record }) => record);
    expect(records.map(({ kind }) => kind).toSorted()).toEqual(['MSG_TERMINATED', 'ROUTED']);
    expect(records.find(({ kind }) => kind === 'MSG_TERMINATED')).toMatchObject({
      operator: 'ada@test',
      note: 'restored by pipeline verify --repair',
    });
    expect(named((await verify(bed)).report)).toEqual([]);
  });

  test('an event that is gone before its end was recorded is lost', async () => {
    const bed = await bedOfRust();
    startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'term' });
    await advised(bed, 1);
    await letGoOf(bed, 1);
    await bed.link.deleteMessage('events', 1);
    const found = await verify(bed);
    expect(named(found.report)).toEqual(['event-lost rust/1']);
    expect((await repairVerified(tools(bed), found)).ok).toBe(false);
  });

  test('so is one that was removed before it was acknowledged', async () => {
    const bed = await testBed({ consumers: [], external: [{ ...rust, ackWaitMs: 60_000 }] });
    await bed.publish('job.a');
    await pullMessages(bed.link, 'events', 'rust', 1);
    await bed.link.deleteMessage('events', 1);
    await advised(bed, 1);
    expect(named((await verify(bed)).report)).toEqual(['event-lost rust/1']);
  });

  test('what was given up holds back no floor that would be taken for a consumer that is behind', async () => {
    const bed = await testBed({
      consumers: [],
      external: [{ ...rust, ackWaitMs: 300 }],
      streams: { events: { maxAgeMs: 3_600_000 } },
    });
    const run = await bed.run({});
    const stopWorker = startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'nak' });
    await eventually('it is dead', async () => (await bed.dead('rust', 1)) !== undefined);
    stopWorker();
    await run.stop();
    await bed.publish('job.b', { do: 'hang' });
    await pullMessages(bed.link, 'events', 'rust', 1);
    const { report } = await verify(bed, () => Date.now() + 57 * 60_000);
    expect([...report.problems, ...report.warnings].filter(({ kind }) => kind === 'behind')).toEqual([]);
    await bed.publish('job.c');
    const late = await verify(bed, () => Date.now() + 57 * 60_000);
    expect(named(late.report)).toEqual(['behind rust']);
  });
});

describe('what operators see', () => {
  test('list, show, explain and tail tell the story of an event of another program', async () => {
    const bed = await bedOfRust();
    await bed.run({});
    startExternalWorker(bed.server.url, 'rust');
    await bed.publish('job.a', { do: 'term', reason: 'no such job' });
    await bed.publish('job.b', { do: 'ack' });
    await eventually('it is dead', async () => (await bed.dead('rust', 1)) !== undefined);
    await eventually('the other is acknowledged', async () => {
      const info = await bed.link.consumerInfo('events', 'rust');
      return info?.delivered.stream_seq === 2 && info.num_ack_pending === 0;
    });
    await eventually('both records are there', async () => (await bed.journal()).length === 2);

    const shown = await showDeadLetter(pipelineOf(bed.link, bed.config), 'rust/1');
    expect(shown).toMatchObject({
      id: 'rust/1',
      reason: 'Terminated: no such job',
      attempts: { main: 1, retry: 0 },
      original: 'present',
      event: { data: { do: 'term' } },
    });
    expect(shown.history.map(({ kind }) => kind)).toEqual(['MSG_TERMINATED', 'ROUTED']);

    const dead = await explainEvent(pipelineOf(bed.link, bed.config), 'rust/1');
    expect(dead.consumers).toMatchObject([
      {
        consumer: 'rust',
        state: 'dead',
        history: [{ text: 'failed permanently: Terminated: no such job' }, { text: 'dead: to the DLQ' }],
      },
    ]);
    expect(dead.next[0]?.text).toContain('can not be replayed');
    const done = await explainEvent(pipelineOf(bed.link, bed.config), '2');
    expect(done.consumers).toMatchObject([{ consumer: 'rust', state: 'let-go', history: [] }]);

    const native = await bed.link.readNext('events-advisories', '$JS.EVENT.ADVISORY.>', 1);
    expect(native && advisoryLine(bed.config, native)).toMatchObject({
      kind: 'MSG_TERMINATED',
      source: 'server',
      consumer: 'rust',
      seq: 1,
      reason: 'no such job',
    });
  });

  test('a replay is refused, alone with an error, among others with its reason', async () => {
    const bed = await testBed({ external: [rust] });
    const own = await bury(bed);
    const theirs = await bury(bed, { type: 'job.a', consumer: 'rust', attempts: { main: 2, retry: 0 } });
    await expect(planReplay(pipelineOf(bed.link, bed.config), { ids: [theirs.id] })).rejects.toMatchObject({
      code: 'REPLAY_REFUSED',
      exitCode: 1,
      message: expect.stringMatching(/^rust\/2 can't be replayed: rust is external/),
    });
    const plan = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
    expect(plan.items.map(({ id }) => id)).toEqual([own.id]);
    expect(plan.skipped).toMatchObject([
      { id: theirs.id, reason: expect.stringContaining('rust is external') },
    ]);
  });
});

describe('a consumer that changes hands', () => {
  const managed = makeConfig({ consumers: [makeConsumer({ ...rust, ackWaitMs: 500 })] });
  const external = makeConfig({ consumers: [], external: [rust] });
  const changeOf = (plan: Awaited<ReturnType<typeof planTopology>>, name: string) =>
    plan.changes.find((change) => change.name === name);

  test('says what it leaves behind, waits for a yes, and finds it again when it comes back', async () => {
    const bed = await testBed({ consumers: [makeConsumer({ ...rust, ackWaitMs: 500 })] });
    const origin = await originAt(bed, await bed.publish('job.a'));
    const pointer = makePointer(origin, { consumer: 'rust', stage: 'retry' });
    await writePointer(bed.link, placesOf(bed.config).retry, pointer);
    await pullMessages(bed.link, 'events', 'rust', 1);

    const away = await planTopology(pipelineOf(bed.link, external));
    expect(away.needsConfirmation).toBe(true);
    expect(changeOf(away, 'rust')).toMatchObject({
      action: 'update',
      fields: [{ path: 'max_deliver', from: -1, to: 2 }],
      consequences: [
        { what: 'over-limit', role: 'events', count: 1, atMost: true },
        { what: 'stranded', role: 'retry', count: 1 },
      ],
    });
    expect(changeOf(away, 'rust-retry')?.action).toBe('orphan');
    await expect(applyPlan(overLink(bed.link), away)).rejects.toMatchObject({ code: 'LOSS_REFUSED' });
    await applyPlan(overLink(bed.link), away, { allowLoss: ['rust'] });
    expect(
      (await planTopology(pipelineOf(bed.link, external))).changes.filter(
        ({ action }) => action === 'update',
      ),
    ).toEqual([]);
    const found = await verifyPipeline(pipelineOf(bed.link, external));
    expect(named(found.report)).toEqual(['stranded rust/1']);

    const back = await planTopology(pipelineOf(bed.link, managed));
    expect(changeOf(back, 'rust')).toMatchObject({
      action: 'update',
      fields: [{ path: 'max_deliver', from: 2, to: -1 }],
      consequences: [{ what: 'given-up-stays' }],
    });
    await applyPlan(overLink(bed.link), back);
    const run = await bed.run({ rust: async () => {} });
    await run.until(() => run.count('succeeded') === 2, 'the event and the retry are processed');
    await eventually('nothing is parked', async () => (await bed.parked('rust', 1)) === undefined);
  });

  test('a failed attempt from before does not count as unfinished', async () => {
    const bed = await testBed({ consumers: [makeConsumer({ ...rust, ackWaitMs: 500, backoffMs: [200] })] });
    const run = await bed.run({
      rust: async () => {
        throw new Error('not yet');
      },
    });
    await bed.publish('job.a', { do: 'ack' });
    await run.until(() => run.count('attempt-failed') > 0);
    await run.stop();
    await applyPlan(
      overLink(bed.link),
      await planTopology(
        pipelineOf(bed.link, makeConfig({ consumers: [], external: [{ ...rust, attempts: 9 }] })),
      ),
    );
    startExternalWorker(bed.server.url, 'rust');
    await eventually('it is acknowledged', async () => {
      const info = await bed.link.consumerInfo('events', 'rust');
      return info?.num_ack_pending === 0;
    });
    const config = makeConfig({ consumers: [], external: [{ ...rust, attempts: 9 }] });
    expect(named((await verifyPipeline(pipelineOf(bed.link, config))).report)).toEqual([]);
    const { consumers } = await explainEvent(pipelineOf(bed.link, config), '1');
    expect(consumers[0]?.state).toBe('let-go');
  });
});
