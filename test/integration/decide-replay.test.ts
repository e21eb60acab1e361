import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideReplays, type ReplayDecision, replayKey } from '../../src/lib/dlq/replay/decide-replay.js';
import { deadLetterOf } from '../../src/lib/domain/dead-letter.js';
import { atStage, type Key, type Stage } from '../../src/lib/domain/key.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import type { RecordOf } from '../../src/lib/domain/record.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import type { DlqEntry } from '../../src/lib/pointers/entry.js';
import type { Original } from '../../src/lib/pointers/original.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo, type TestLink } from '../support/connect.js';
import { consumer, exhaustionOf, journal, makePointer } from '../support/dead-letters.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { pullMessages } from '../support/pull.js';

const config = makeConfig({ consumers: [{ name: consumer }], external: [{ name: 'external-consumer' }] });
let server: TestServer;
let link: TestLink;
beforeAll(async () => {
  server = await startNats();
  link = await connectTo(server.url);
  await applyTopology(link, config);
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

let lastSeq = 0;

/** A dead letter of an event of its own, that was replayed twice before. */
function letter(overrides: Partial<Pointer> = {}): Pointer {
  const origin = { stream: 'events', seq: ++lastSeq, subject: 'events.totp.requested', time: '17' };
  return makePointer(origin, { cycle: 2, ...overrides });
}

function entryOf(pointer: Pointer): DlqEntry {
  return { dlqSeq: 1, letter: deadLetterOf(pointer, '2027-01-15T08:00:00.000Z'), pointer };
}

async function decide(
  pointers: readonly Pointer[],
  stateOf: (pointer: Pointer) => Original['state'] = () => 'present',
): Promise<ReplayDecision[]> {
  return decideReplays(pipelineOf(link, config), pointers.map(entryOf), async (all) => all.map(stateOf));
}

type Said = Partial<RecordOf<RecordKind>> & { readonly kind: RecordKind };

/** Writes about a dead letter, at a stage, so many cycles later. */
async function say(pointer: Pointer, stage: Stage, later: number, facts: Said): Promise<void> {
  const key: Key = { ...replayKey(pointer), cycle: pointer.cycle };
  await journal({ link, config }, atStage(key, stage, pointer.cycle + later), facts as { kind: 'ROUTED' });
}

describe('a dead letter', () => {
  test('of which nothing is known is replayed', async () => {
    const pointer = letter();
    expect(await decide([pointer])).toEqual([{ do: 'replay', pointer }]);
  });

  test.each<[string, Stage, Said, boolean]>([
    ['its REPLAYED is written', 'dlq', { kind: 'REPLAYED' }, true],
    ['its handler has succeeded', 'retry', { kind: 'RESOLVED', attempt: 1 }, false],
    ['it is exhausted again', 'retry', { kind: 'MAX_DELIVERIES' }, false],
    ['it is exhausted for good', 'retry', { kind: 'MSG_TERMINATED' }, false],
  ])(
    'whose replay was interrupted is finished and not run again: %s',
    async (_what, stage, facts, journaled) => {
      const pointer = letter();
      await say(pointer, stage, 1, facts);
      // Whatever became of the original since: the replay has taken place.
      expect(await decide([pointer], () => 'missing')).toEqual([{ do: 'finish', pointer, journaled }]);
    },
  );

  test('is not finished by what an earlier or a later cycle says', async () => {
    const pointer = letter();
    await say(pointer, 'dlq', 0, { kind: 'REPLAYED' });
    await say(pointer, 'retry', 0, { kind: 'MAX_DELIVERIES' });
    await say(pointer, 'dlq', 2, { kind: 'REPLAYED' });
    expect(await decide([pointer])).toEqual([{ do: 'replay', pointer }]);
  });

  test.each<[string, Partial<Pointer>, Said | undefined, Original['state'], object]>([
    ['it was discarded', {}, { kind: 'DISCARDED' }, 'present', { reason: /discard/ }],
    ['it was moved', {}, { kind: 'MOVED', movedTo: 'invoices' }, 'present', { reason: /moved to invoices/ }],
    [
      'it was moved, and its consumer is gone',
      { consumer: 'gone-consumer' },
      { kind: 'MOVED', movedTo: 'invoices' },
      'present',
      { reason: /moved to invoices/, gone: true },
    ],
    [
      'it is external',
      { consumer: 'external-consumer' },
      undefined,
      'present',
      { reason: /external-consumer/, external: true },
    ],
    [
      'its consumer is gone',
      { consumer: 'gone-consumer' },
      undefined,
      'present',
      { reason: /gone-consumer/, gone: true },
    ],
    ['its original is missing', {}, undefined, 'missing', { reason: /missing/, original: 'missing' }],
    ['its original is replaced', {}, undefined, 'replaced', { reason: /replaced/, original: 'replaced' }],
  ])(
    'is skipped where %s',
    async (_why, overrides, facts, state, { reason, ...flags }: { reason?: RegExp }) => {
      const pointer = letter(overrides);
      if (facts) await say(pointer, 'dlq', 0, facts);
      const [decision] = await decide([pointer], () => state);
      expect(decision).toMatchObject({
        do: 'skip',
        reason: expect.stringMatching(reason ?? /^$/) as string,
        ...flags,
      });
      const known = ['do', 'reason', 'suggestions', ...Object.keys(flags)];
      expect(Object.keys(decision ?? {}).filter((name) => !known.includes(name))).toEqual([]);
    },
  );

  test('of a consumer that is gone comes with the commands that take care of it', async () => {
    const [decision] = await decide([letter({ consumer: 'gone-consumer' })]);
    expect(JSON.stringify(decision)).toMatch(/move-dead-letters.*dlq discard/);
  });

  test.each<[string, Stage, number]>([
    ['in its own cycle', 'retry', 2],
    ['in the main stage, in the first cycle', 'main', 0],
  ])('whose handler succeeded late is skipped: %s', async (_what, stage, cycle) => {
    const pointer = letter({ cycle });
    await say(pointer, stage, 0, { kind: 'RESOLVED', attempt: 3, late: true });
    expect(await decide([pointer])).toMatchObject([
      { do: 'skip', reason: expect.stringMatching(/resolved late/) as string },
    ]);
  });

  test('that is no pointer is skipped with the reason why it is none', async () => {
    const { letter: dead } = entryOf(letter());
    const entries = [{ dlqSeq: 1, letter: { ...dead, reason: 'not a pointer: not valid JSON' } }];
    expect(await decideReplays(pipelineOf(link, config), entries, async () => [])).toEqual([
      { do: 'skip', reason: 'not a pointer: not valid JSON' },
    ]);
  });

  test('keeps its place among others, and each has its own original', async () => {
    const [first, meta, gone, last] = [letter(), metaLetter(), letter(), letter()];
    await say(last, 'dlq', 1, { kind: 'REPLAYED' });
    const decisions = await decide([first, meta, gone, last], (one) =>
      one === gone ? 'missing' : 'present',
    );
    expect(decisions.map((one) => one.do)).toEqual(['replay', 'route', 'skip', 'finish']);
  });
});

/** A dead letter of the meta-consumer: a record of the journal that could not be routed. */
function metaLetter(embedded?: Record<string, unknown>): Pointer {
  const about = letter();
  const record = exhaustionOf(about, 2);
  const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.${about.origin.seq}.retry.2`;
  const origin = { stream: 'events-advisories', seq: about.origin.seq, subject, time: '1800000000000000000' };
  return makePointer(origin, { consumer: 'meta-consumer', embedded: embedded ?? { subject, record } });
}

describe('a dead letter of the meta-consumer', () => {
  test('is routed by the record that it embeds', async () => {
    const pointer = metaLetter();
    expect(await decide([pointer])).toMatchObject([
      { do: 'route', pointer, exhaustion: { kind: 'MAX_DELIVERIES', consumer, stage: 'retry', cycle: 2 } },
    ]);
  });

  test('that was routed by an earlier replay is finished', async () => {
    const pointer = metaLetter();
    await say(pointer, 'dlq', 1, { kind: 'REPLAYED' });
    expect(replayKey(pointer)).toMatchObject({ tier: 'meta', stage: 'dlq', cycle: 1 });
    expect(await decide([pointer])).toEqual([{ do: 'finish', pointer, journaled: true }]);
  });

  test('that was discarded is skipped', async () => {
    const pointer = metaLetter();
    await say(pointer, 'dlq', 0, { kind: 'DISCARDED' });
    expect(await decide([pointer])).toMatchObject([
      { do: 'skip', reason: expect.stringMatching(/discard/) as string },
    ]);
  });

  test('with an advisory of the server is judged anew, as of the time when it was told', async () => {
    const { seq } = await link.publish('events.totp.requested', '{}');
    const { time } = (await link.readFromLeader('events', seq)) ?? { time: '0' };
    const advisory = (name: string) => ({
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      id: 'an-id',
      timestamp: new Date(Number(BigInt(time) / 1_000_000n) + 1).toISOString(),
      stream: 'events',
      consumer: name,
      stream_seq: seq,
      deliveries: 2,
    });
    const native = (name: string): Pointer => {
      const subject = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.${name}`;
      const origin = { stream: 'events-advisories', seq: 900_000 + name.length, subject, time };
      return makePointer(origin, {
        consumer: 'meta-consumer',
        embedded: { subject, record: advisory(name) },
      });
    };
    await pullMessages(link, 'events', 'external-consumer', 1);
    const [ours, foreign] = await decide([native('external-consumer'), native('nobodys')]);
    expect(ours).toMatchObject({ do: 'route', exhaustion: { consumer: 'external-consumer', stage: 'main' } });
    const at = ours?.do === 'route' ? Date.parse(ours.exhaustion.at) : 0;
    expect(at).toBe(Number(BigInt(time) / 1_000_000n));
    expect(foreign).toEqual({
      do: 'skip',
      reason: expect.stringContaining('no consumer') as string,
    });
  });
});
