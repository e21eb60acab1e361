import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { AdvisoryLine } from '../../src/lib/journal/advisory-line.js';
import { type TailOptions, tailAdvisories } from '../../src/lib/journal/tail.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { bury, consumer, journal } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';

async function linesOf(bed: TestBed, options: TailOptions = {}): Promise<AdvisoryLine[]> {
  const out: AdvisoryLine[] = [];
  for await (const line of tailAdvisories(pipelineOf(bed.link, bed.config), options)) out.push(line);
  return out;
}

const kindsOf = (lines: readonly AdvisoryLine[]): string[] => lines.map(({ kind }) => kind);

/** An advisory as the server writes it; published by hand, since the pipeline's own consumers never give up. */
async function native(bed: TestBed, stream: string, name: string): Promise<void> {
  const type = 'io.nats.jetstream.advisory.v1.max_deliver';
  const body = { type, id: 'x', timestamp: '2026-01-31T12:00:00.123456789Z', stream, consumer: name };
  await bed.link.publish(
    `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${stream}.${name}`,
    JSON.stringify({ ...body, stream_seq: 7, deliveries: 3 }),
  );
}

describe('tailAdvisories', () => {
  it('shows what the pipeline writes about a failing event, in order', async () => {
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 2 }] });
    const run = await bed.run({
      [consumer]: async () => {
        throw new TypeError('no template');
      },
    });
    await bed.publish('totp.requested');
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await bed.quiet();
    const lines = await linesOf(bed);
    expect(lines[0]).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      kind: 'ATTEMPT_FAILED',
      source: 'pipeline',
      tier: 'business',
      stream: 'events',
      consumer,
      seq: 1,
      deliveries: 1,
      reason: 'TypeError: no template',
      stage: 'main',
      cycle: 0,
      attempt: 1,
    });
    expect(lines.filter(({ stage }) => stage === 'main').map(({ kind }) => kind)).toEqual([
      'ATTEMPT_FAILED',
      'ATTEMPT_STARTED',
      'MAX_DELIVERIES',
      'ROUTED',
    ]);
    expect(lines.at(-1)).toMatchObject({ kind: 'ROUTED', stage: 'retry', reason: 'to dlq' });
  });

  it("shows the server's own advisories in the same order", async () => {
    const bed = await testBed();
    await native(bed, 'events', 'rust-worker');
    await native(bed, 'events-advisories', 'meta-consumer');
    expect(await linesOf(bed)).toEqual([
      {
        at: '2026-01-31T12:00:00.123Z',
        kind: 'MAX_DELIVERIES',
        source: 'server',
        tier: 'business',
        stream: 'events',
        consumer: 'rust-worker',
        seq: 7,
        deliveries: 3,
        reason: null,
        stage: null,
        cycle: null,
        attempt: null,
      },
      expect.objectContaining({ source: 'server', tier: 'meta', consumer: 'meta-consumer' }),
    ]);
  });

  it('hears a real advisory of the server', async () => {
    const bed = await testBed();
    await bed.link.jsm.consumers.add('events', {
      durable_name: 'rust-worker',
      ack_policy: 'explicit',
      max_deliver: 1,
      ack_wait: 100_000_000,
    });
    await bed.publish('totp.requested');
    const request = JSON.stringify({ batch: 1, expires: 1_000_000_000 });
    const next = '$JS.API.CONSUMER.MSG.NEXT.events.rust-worker';
    await bed.link.nc.request(next, request, { timeout: 2000, noMux: true });
    for await (const line of tailAdvisories(pipelineOf(bed.link, bed.config), { sinceMs: 0, follow: true })) {
      expect(line).toMatchObject({
        kind: 'MAX_DELIVERIES',
        source: 'server',
        consumer: 'rust-worker',
        seq: 1,
      });
      break;
    }
  });

  it('shows what is no record as MALFORMED, and all others beside it', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const address = `${consumer}.1.retry.0`;
    await bed.link.publish('events-advisories.anything', 'not JSON');
    await bed.link.publish(`events-advisories.business.RESOLVED.${address}`, '{"v":1}');
    await bed.link.publish('$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.x', '{"type":"?"}');
    await journal(bed, keyOf(pointer, 'retry'), { kind: 'RESOLVED', late: true });
    const [{ data } = { data: new Uint8Array() }] = [
      await bed.link.readLast('events-advisories', `*.*.RESOLVED.${address}`),
    ];
    await bed.link.publish(`events-advisories.meta.ROUTED.${address}`, data);
    const lines = await linesOf(bed);
    expect(lines.map(({ kind, source, consumer, reason }) => [kind, source, consumer, reason])).toEqual([
      ['MALFORMED', 'pipeline', null, expect.stringContaining('not valid JSON')],
      ['MALFORMED', 'pipeline', consumer, expect.stringContaining('kind')],
      ['MALFORMED', 'server', null, expect.stringContaining('type')],
      ['RESOLVED', 'pipeline', consumer, 'late: after its lease had lapsed'],
      ['MALFORMED', 'pipeline', consumer, expect.stringContaining('does not match its subject')],
    ]);
    expect(lines[0]).toMatchObject({ stream: 'events-advisories', seq: 1, tier: null, deliveries: null });
    expect(await linesOf(bed, { kinds: ['MALFORMED'] })).toHaveLength(4);
  });

  it('is not upset by records that hold anything where a text belongs', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const odd = [
      { kind: 'MAX_DELIVERIES', failure: { name: 'Error', message: {} } },
      { kind: 'DISCARDED', failure: 5 },
      { kind: 'ROUTED', to: { a: 1 } },
      { kind: 'REPLAYED', operator: [], note: { a: '\u001b[2J' } },
      { kind: 'SNOOZED', until: 7, deliveries: 'many' },
    ];
    for (const facts of odd) await journal(bed, keyOf(pointer, 'retry'), facts as never);
    const lines = await linesOf(bed);
    expect(kindsOf(lines)).toEqual(odd.map(({ kind }) => kind));
    for (const { reason } of lines)
      expect([null, 'string']).toContain(reason === null ? null : typeof reason);
  });

  it('selects kinds and a consumer, with the advisories of its stages', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const other = await bury(bed, { consumer: 'analytics-consumer' });
    await journal(bed, keyOf(pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1 });
    await journal(bed, keyOf(other.pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1 });
    await journal(bed, keyOf(other.pointer, 'retry'), { kind: 'RESOLVED', attempt: 1 });
    await native(bed, 'events-retry', `${consumer}-retry`);
    const select = async (options: TailOptions): Promise<string[]> =>
      (await linesOf(bed, options)).map((line) => `${line.consumer} ${line.kind}`);
    expect(await select({ consumer })).toEqual([
      `${consumer} ATTEMPT_FAILED`,
      `${consumer}-retry MAX_DELIVERIES`,
    ]);
    expect(await select({ kinds: ['RESOLVED', 'MAX_DELIVERIES'] })).toEqual([
      'analytics-consumer RESOLVED',
      `${consumer}-retry MAX_DELIVERIES`,
    ]);
    expect(await select({ kinds: ['RESOLVED'], consumer })).toEqual([]);
    await expect(select({ consumer: 'a.b' })).rejects.toMatchObject({ exitCode: 2 });
  });

  it('begins at a time, and follows what comes', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    await journal(bed, keyOf(pointer, 'main'), { kind: 'ATTEMPT_FAILED', attempt: 1 });
    const stored = await bed.link.readFromLeader('events-advisories', 1);
    const storedMs = Number(BigInt(stored?.time ?? '0') / 1_000_000n);
    expect(await linesOf(bed, { sinceMs: storedMs })).toHaveLength(1);
    expect(await linesOf(bed, { sinceMs: storedMs + 1 })).toEqual([]);

    const end = new AbortController();
    const [fromNow, fromThen]: [AdvisoryLine[], AdvisoryLine[]] = [[], []];
    const follow = async (options: TailOptions, into: AdvisoryLine[]): Promise<void> => {
      const lines = tailAdvisories(pipelineOf(bed.link, bed.config), {
        ...options,
        follow: true,
        signal: end.signal,
      });
      for await (const line of lines) into.push(line);
    };
    const following = [follow({}, fromNow), follow({ sinceMs: storedMs }, fromThen)];
    await eventually('the older line is there', () => fromThen.length === 1);
    await eventually(
      'both read',
      async () => (await bed.link.streamInfo('events-advisories'))?.state.consumer_count === 5,
    );
    await journal(bed, keyOf(pointer, 'main'), { kind: 'RESOLVED', attempt: 2 });
    await eventually('the new line is there', () => fromNow.length === 1 && fromThen.length === 2, 2000);
    end.abort();
    await Promise.all(following);
    expect(kindsOf(fromNow)).toEqual(['RESOLVED']);
    expect(kindsOf(fromThen)).toEqual(['ATTEMPT_FAILED', 'RESOLVED']);
  });

  it('names the stream and the command when nothing is applied yet', async () => {
    const bed = await testBed();
    await deleteStream(bed.link, 'events-advisories');
    await expect(linesOf(bed)).rejects.toMatchObject({ code: 'NO_STREAM' });
  });
});
