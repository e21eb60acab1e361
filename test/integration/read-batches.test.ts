import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { createConsumer, createStream } from '../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { type Pages, readBatches, readQueue } from '../../src/lib/nats/read/read-batches.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

const count = 2500;

async function filled(fields: object = {}): Promise<Link> {
  const link = await connectTo((await natsForTest()).url);
  await createStream(link, { name: 'queue', subjects: ['queue.>'], allow_direct: true, ...fields });
  await createConsumer(link, 'queue', { durable_name: 'taker', ack_policy: 'explicit' });
  await Promise.all(Array.from({ length: count }, (_, i) => link.publish(`queue.${i + 1}`, String(i + 1))));
  for (const seq of [1, 700, 701, 702, 1025, count]) await link.deleteMessage('queue', seq);
  return link;
}

async function seqsOf(pages: Pages): Promise<number[]> {
  const seqs: number[] = [];
  for await (const page of pages) seqs.push(...page.map(({ seq }) => seq));
  return seqs;
}

const left = Array.from({ length: count }, (_, i) => i + 1).filter(
  (seq) => ![1, 700, 701, 702, 1025, count].includes(seq),
);

/** A link whose server says that it is older than it is. */
function older(link: Link): Link {
  return Object.create(link, { serverVersion: { value: '2.10.27' } }) as Link;
}

describe.each([
  ['of a workqueue', readQueue, { retention: 'workqueue' as const }],
  ['of a stream that keeps what it has', readBatches, {}],
])('all messages %s', (_, read, fields) => {
  it('are read once and in order, whatever was deleted in between', async () => {
    const link = await filled(fields);
    const seqs = await seqsOf(read(link, 'queue'));
    // An older server has a queue read in parts, side by side.
    const inOrder = versionAtLeast(link.serverVersion, '2.11.0') || read !== readQueue;
    expect(inOrder ? seqs : seqs.toSorted((a, b) => a - b)).toEqual(left);
  });

  it('are read too where the server or the stream has no direct reads', async () => {
    const link = await filled({ ...fields, allow_direct: false });
    const ascending = (a: number, b: number): number => a - b;
    expect((await seqsOf(read(link, 'queue'))).toSorted(ascending)).toEqual(left);
    expect((await seqsOf(read(older(link), 'queue'))).toSorted(ascending)).toEqual(left);
  });

  it('are none of an empty stream, and none of one that is not there', async () => {
    const link = await connectTo((await natsForTest()).url);
    expect(await seqsOf(read(link, 'queue'))).toEqual([]);
    await createStream(link, { name: 'queue', subjects: ['queue.>'], allow_direct: true, ...fields });
    expect(await seqsOf(read(link, 'queue'))).toEqual([]);
  });
});
