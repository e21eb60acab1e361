import { pipelineOf } from '../support/pipeline-of.js';
import { expect, onTestFinished, test } from 'vitest';
import type { PlutomiError } from '../../src/lib/errors.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import type { HeardAdvisory, Judgement } from '../../src/lib/routing/transcribe.js';
import type { WaterfallEvent } from '../../src/lib/observe/waterfall-event.js';
import { AdvisoryListener } from '../../src/lib/waterfall/listener.js';
import { makeConfig } from '../support/config.js';
import { advisoryText } from '../support/external.js';
import { eventually } from '../support/eventually.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

const subject = '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.rust';

/** A listener on a real server; what becomes of an advisory that it heard is the test's. */
async function listening(transcribe: (heard: HeardAdvisory) => Promise<Judgement>) {
  const server = await natsForTest();
  const [own, other] = [await connectTo(server.url), await connectTo(server.url)];
  const events: WaterfallEvent[] = [];
  const failures: PlutomiError[] = [];
  const listener = new AdvisoryListener({
    pipeline: pipelineOf(own, makeConfig({ consumers: [], external: [{ name: 'rust' }] })),
    transcriber: { transcribe },
    emit: (event) => events.push(event),
    fail: (error) => failures.push(error),
  });
  onTestFinished(() => listener.abandon());
  await own.flush();
  const tell = async (seq: number, reason = '', domain?: string): Promise<void> => {
    const facts = {
      kind: 'MSG_TERMINATED' as const,
      seq,
      reason,
      ...(domain === undefined ? {} : { domain }),
    };
    other.nc.publish(subject, advisoryText(facts));
    await other.flush();
  };
  return { listener, events, failures, tell };
}

test('what the server does not take is copied once it does; each event once at a time', async () => {
  const copied: number[] = [];
  let tries = 0;
  let open = false;
  const { listener, tell, failures } = await listening(async ({ data }) => {
    tries++;
    if (!open) throw new UnreachableError('write', undefined, 'no leader');
    copied.push((JSON.parse(Buffer.from(data).toString()) as { stream_seq: number }).stream_seq);
    return { is: 'known' };
  });
  for (const seq of [1, 2, 1, 1, 2]) await tell(seq);
  await eventually('it was tried again and again', () => tries >= 6);
  expect(copied).toEqual([]);
  open = true;
  await listener.stopListening();
  await listener.drained();
  expect(copied.toSorted((a, b) => a - b)).toEqual([1, 2]);
  expect(failures).toEqual([]);
});

test('what comes from another domain is not heard, and keeps no place from ours', async () => {
  const heard: string[] = [];
  const { listener, tell } = await listening(async ({ data }) => {
    heard.push(Buffer.from(data).toString());
    return { is: 'known' };
  });
  await tell(1, 'theirs', 'leaf');
  await tell(1, 'ours');
  await eventually('ours is heard', () => heard.some((text) => text.includes('ours')));
  await listener.drained();
  expect(heard).toHaveLength(1);
});

test('what waits is bounded; it is said once, and over when all is copied', async () => {
  const copied = new Set<string>();
  let open = false;
  const { listener, events, tell } = await listening(async ({ data }) => {
    if (!open) throw new UnreachableError('write', undefined, 'no leader');
    copied.add(Buffer.from(data).toString());
    return { is: 'known' };
  });
  const reason = 'x'.repeat(500_000);
  for (let seq = 1; seq <= 60; seq++) await tell(seq, reason);
  await eventually('it says that it drops some', () => events.length > 0);
  await tell(61, reason);
  open = true;
  await listener.drained();
  expect(events).toMatchObject([{ type: 'advisories-dropped' }]);
  expect(copied.size).toBeGreaterThan(20);
  expect(copied.size).toBeLessThan(40);
  const before = copied.size;
  await tell(62);
  await eventually('it takes new ones', () => copied.size === before + 1);
  expect(events.length).toBe(1);
});

test('a defect ends the pipeline, and what is not an advisory is left to the journal', async () => {
  let heard = 0;
  const { failures, tell, events } = await listening(async () => {
    heard++;
    throw new TypeError('a defect');
  });
  await tell(-1);
  await tell(1);
  await eventually('it fails', () => failures.length > 0);
  expect(failures[0]).toMatchObject({ code: 'WORKER_FAILED' });
  expect([heard, events.length]).toEqual([1, 0]);
});
