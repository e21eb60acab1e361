import { describe, expect, test } from 'vitest';
import { OperationError } from '../../src/lib/errors.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { type Key, type Origin } from '../../src/lib/domain/key.js';
import type { Exhaustion } from '../../src/lib/domain/record.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import type { StagePlan } from '../../src/lib/domain/stage-plan.js';
import { writeExhaustion } from '../../src/lib/journal/write-record.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import { storedOrigin } from '../../src/lib/nats/wire/message.js';
import { createConsumer } from '../../src/lib/nats/objects.js';
import { Transcriber } from '../../src/lib/routing/transcribe.js';
import { metaKey, metaRetryStage, metaStage } from '../../src/lib/waterfall/stages/meta.js';
import { CountedStage } from '../../src/lib/waterfall/stages/stage.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { readJournal } from '../support/pipeline.js';
import { pullMessages } from '../support/pull.js';
import { type Reads, type Workbench, workshop } from '../support/workbench.js';

const shop = workshop();
const stream = 'events-advisories';
const exhaustions: Reads = { stream, subject: (name) => `${stream}.business.MAX_DELIVERIES.${name}.>` };
const advisories: Reads = {
  stream,
  subject: (name) => `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.nobody-${name}`,
};
const unrouted: Reads = { stream, subject: () => `${stream}.meta.*.meta-consumer.*.main.0` };
const anyNak = expect.stringMatching(/^-NAK/) as string;

function serve(bench: Workbench, stageOf: typeof metaStage): void {
  const { tools, pipeline } = bench;
  const parts = { tools, transcriber: new Transcriber(pipeline) };
  bench.work(new CountedStage(stageOf(parts), tools).process);
}

const plain = (bench: Workbench) => pipelineOf(bench.link, bench.pipeline.config);

/** Writes the exhaustion of a key into the journal. */
async function exhaust(
  bench: Workbench,
  key: Key,
  plan?: StagePlan,
): Promise<{ readonly x: Exhaustion; readonly seq: number }> {
  const at = '2027-01-15T08:00:00.000Z';
  const x = makeExhaustion({
    key,
    kind: 'MAX_DELIVERIES',
    at,
    failure: makeFailure('error', 'Error', 'SES is down'),
    attempts: { main: 3, retry: 0 },
    plan,
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream: key.origin.stream, seq: key.origin.seq, deliveries: 3 },
  });
  const { seq } = await writeExhaustion(plain(bench), x);
  return { x, seq };
}

async function stored({ link }: Workbench, from: string, seq: number): Promise<Origin> {
  const message = await link.readFromLeader(from, seq);
  if (!message) throw new Error(`no message ${seq} in ${from}`);
  return storedOrigin(message);
}

/** An event of the bench is exhausted in its main stage, and leads to the DLQ, or to a retry stage of its own. */
async function exhaustEvent(bench: Workbench, to: 'retry' | 'dlq' = 'dlq') {
  const { consumer } = bench;
  const [seq = 0] = await bench.publish();
  const origin = await stored(bench, 'events', seq);
  if (to === 'retry') {
    const durable_name = `${consumer}-retry`;
    const filter_subject = `events-retry.${consumer}.>`;
    await createConsumer(bench.link, 'events-retry', {
      durable_name,
      filter_subject,
      ack_policy: 'explicit',
    });
  }
  const plan: StagePlan = { retry: to === 'retry' && { delayMs: 0, attempts: 1 } };
  const key: Key = { tier: 'business', consumer, origin, stage: 'main', cycle: 0 };
  return { ...(await exhaust(bench, key, plan)), eventSeq: seq };
}

describe('meta-consumer, where no journal is older than it', () => {
  const own = workshop();

  test('routes what is told once without a look at the journal; what is told again was perhaps routed', async () => {
    const bench = await own.open(exhaustions);
    serve(bench, metaStage);
    // Of the first one nobody can say whether a killed server had delivered it before.
    await exhaustEvent(bench, 'retry');
    await bench.saidAre('pointer to retry', 'ROUTED', '+ACK');
    for (const all of [bench.said, bench.asked, bench.events]) all.length = 0;
    const { x, seq } = await exhaustEvent(bench, 'retry');
    await bench.saidAre('pointer to retry', 'ROUTED', '+ACK');
    expect(bench.asked).toEqual([]);
    expect(bench.events).toMatchObject([
      { type: 'routed', key: { consumer: bench.consumer }, to: 'retry', notBeforeMs: 0 },
      { type: 'succeeded', key: { tier: 'meta' } },
    ]);
    const { subject } = await stored(bench, stream, seq);
    await bench.link.publish(subject, JSON.stringify(x));
    await bench.saidAre('pointer to retry', 'ROUTED', '+ACK', '+ACK');
    expect(bench.events.at(-2)).toMatchObject({ type: 'not-routed', because: 'ROUTED' });
    expect(bench.asked).toEqual([subject.replace('MAX_DELIVERIES', 'ROUTED')]);
  });
});

describe('meta-consumer', () => {
  test('looks at all that may have become of what was delivered before', async () => {
    const bench = await shop.open(exhaustions);
    const { eventSeq } = await exhaustEvent(bench, 'retry');
    await bench.remember(eventSeq, 'retry', { kind: 'RESOLVED', attempt: 1 });
    const [message] = await pullMessages(shop.link, stream, bench.consumer, 1);
    message?.nak();
    await shop.link.flush();
    serve(bench, metaStage);
    await bench.saidAre('ATTEMPT_STARTED', 'RESOLVED', '+ACK');
    expect(bench.events).toMatchObject([{ type: 'not-routed', because: 'RESOLVED' }, { type: 'succeeded' }]);
  });

  test('waits out a server that can’t be reached: that costs no attempt', async () => {
    const bench = await shop.open(exhaustions);
    let left = 1;
    bench.beforeWrite = () => {
      if (left-- > 0) throw new UnreachableError('write a pointer', undefined, 'no answer');
    };
    serve(bench, metaStage);
    await exhaustEvent(bench);
    await bench.saidAre('pointer to dlq', 'ROUTED', '+ACK');
  });

  test('counts what the server refuses, and tries again after its backoff', async () => {
    const bench = await shop.open(exhaustions);
    let left = 1;
    bench.beforeWrite = () => {
      if (left-- > 0) throw new OperationError('the disk is full');
    };
    serve(bench, metaStage);
    await exhaustEvent(bench);
    const retried = ['ATTEMPT_STARTED', 'pointer to dlq', 'ROUTED', 'RESOLVED', '+ACK'];
    await bench.saidAre('ATTEMPT_FAILED', '-NAK {"delay": 20000000}', ...retried);
    expect(bench.events[0]).toMatchObject({
      type: 'attempt-failed',
      failure: { message: 'the disk is full' },
    });
  });

  test('judges an advisory of the server, and routes nothing by itself', async () => {
    const bench = await shop.open(advisories);
    serve(bench, metaStage);
    await advise(bench);
    await bench.saidAre('+ACK');
    expect(bench.events).toMatchObject([{ type: 'ignored-advisory' }, { type: 'succeeded' }]);
  });
});

/** The server gives up on an event of a consumer that is none of this pipeline's. */
async function advise({ consumer }: Workbench): Promise<number> {
  const name = `nobody-${consumer}`;
  const advisory = {
    type: 'io.nats.jetstream.advisory.v1.max_deliver',
    id: 'an-id',
    timestamp: new Date().toISOString(),
    stream: 'events',
    consumer: name,
    stream_seq: 1,
    deliveries: 3,
  };
  const subject = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.${name}`;
  return (await shop.link.publish(subject, JSON.stringify(advisory))).seq;
}

describe('meta-consumer-retry', () => {
  /** What the meta-consumer could not route, and gave up on. */
  async function giveUp(bench: Workbench, seq: number, altered: Partial<Origin> = {}): Promise<void> {
    const origin = { ...(await stored(bench, stream, seq)), ...altered };
    await exhaust(bench, metaKey('meta-consumer', origin));
  }

  const ownRecords = async (bench: Workbench) =>
    (await readJournal(shop.link, bench.pipeline.config))
      .map(({ record }) => record)
      .filter(({ consumer }) => consumer === 'meta-consumer-retry');

  test('routes the record itself, and records that it did', async () => {
    const bench = await shop.open(unrouted);
    serve(bench, metaRetryStage);
    const { seq } = await exhaustEvent(bench);
    await giveUp(bench, seq);
    await bench.saidAre('pointer to dlq', 'ROUTED', 'RESOLVED', '+ACK');
    expect((await ownRecords(bench)).at(-1)).toMatchObject({
      kind: 'RESOLVED',
      tier: 'meta',
      origin: { seq },
    });
  });

  test('looks at all that became of it meanwhile', async () => {
    const bench = await shop.open(unrouted);
    serve(bench, metaRetryStage);
    const { seq, eventSeq } = await exhaustEvent(bench);
    await bench.remember(eventSeq, 'dlq', { kind: 'DISCARDED' });
    await giveUp(bench, seq);
    await bench.saidAre('RESOLVED', '+ACK');
    expect(bench.events[0]).toMatchObject({ type: 'not-routed', because: 'DISCARDED' });
  });

  test('judges an advisory of the server', async () => {
    const bench = await shop.open(unrouted);
    serve(bench, metaRetryStage);
    await giveUp(bench, await advise(bench));
    await bench.saidAre('RESOLVED', '+ACK');
    expect(bench.events[0]).toMatchObject({ type: 'ignored-advisory' });
  });

  test('waits out a server that can’t be reached, and counts what it refuses', async () => {
    const bench = await shop.open(unrouted);
    const answers = [
      new UnreachableError('write a pointer', undefined, 'no answer'),
      new OperationError('the disk is full'),
    ];
    bench.beforeWrite = () => {
      const answer = answers.shift();
      if (answer) throw answer;
    };
    serve(bench, metaRetryStage);
    const { seq } = await exhaustEvent(bench);
    await giveUp(bench, seq);
    const retried = ['ATTEMPT_STARTED', 'pointer to dlq', 'ROUTED', 'RESOLVED', '+ACK'];
    await bench.saidAre('ATTEMPT_FAILED', anyNak, ...retried);
  });

  test.each<[string, 'missing' | 'replaced' | 'malformed', (bench: Workbench) => Promise<void>]>([
    [
      'is gone',
      'missing',
      async (bench) => {
        const { seq } = await exhaustEvent(bench);
        const origin = await stored(bench, stream, seq);
        await shop.link.deleteMessage(stream, seq);
        await exhaust(bench, metaKey('meta-consumer', origin));
      },
    ],
    [
      'is another one now',
      'replaced',
      async (bench) => giveUp(bench, (await exhaustEvent(bench)).seq, { time: '17' }),
    ],
    [
      'is none',
      'malformed',
      async (bench) => {
        const subject = `${stream}.business.MAX_DELIVERIES.${bench.consumer}.7.main.0`;
        await giveUp(bench, (await shop.link.publish(subject, 'not json')).seq);
      },
    ],
  ])('gives up at once on a record that %s', async (_what, kind, prepare) => {
    const bench = await shop.open(unrouted);
    serve(bench, metaRetryStage);
    await prepare(bench);
    await bench.saidAre('MSG_TERMINATED', '+ACK');
    expect((await ownRecords(bench)).at(-1)).toMatchObject({ kind: 'MSG_TERMINATED', failure: { kind } });
  });
});
