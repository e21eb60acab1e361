import { expect, test } from 'vitest';
import { isCount, malformed } from '../../src/lib/domain/decode.js';
import {
  createDocument,
  type Decode,
  deleteDocument,
  listDocuments,
  readDocument,
  type StoredDocument,
  updateDocument,
} from '../../src/lib/operations/documents.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

interface Counter {
  readonly count: number;
}

const decode: Decode<Counter> = ({ count }) =>
  isCount(count) ? { ok: true, value: { count } } : malformed('count: expected a count');
const subject = 'events-operations.group.3f9a1c';

async function workplace(options: { readonly applied: boolean } = { applied: true }): Promise<Pipeline> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const config = makeConfig();
  if (options.applied) await applyTopology(link, config);
  return pipelineOf(link, config);
}

async function all(pipeline: Pipeline, told: string[] = []): Promise<StoredDocument<Counter>[]> {
  const found: StoredDocument<Counter>[] = [];
  const filter = 'events-operations.group.>';
  const onMalformed = (where: string, why: string): number => told.push(`${where}: ${why}`);
  for await (const one of listDocuments(pipeline, filter, decode, onMalformed)) found.push(one);
  return found;
}

test('a document is created once, changed, listed and removed', async () => {
  const pipeline = await workplace();
  expect(await readDocument(pipeline, subject, decode)).toBeUndefined();
  expect(await createDocument(pipeline, subject, { count: 1 })).toBe(true);
  expect(await createDocument(pipeline, subject, { count: 2 })).toBe(false);
  const first = await readDocument(pipeline, subject, decode);
  expect(first).toMatchObject({ value: { count: 1 }, subject });
  const second = await updateDocument(pipeline, subject, decode, (now) => ({ count: (now?.count ?? 0) + 1 }));
  expect(second).toMatchObject({ value: { count: 2 } });
  expect(await updateDocument(pipeline, subject, decode, () => undefined)).toMatchObject({
    value: { count: 2 },
  });
  await updateDocument(pipeline, 'events-operations.group.aa', decode, () => ({ count: 7 }));
  expect((await all(pipeline)).map(({ value }) => value.count)).toEqual([2, 7]);
  // Not the version that was read: it stays.
  expect(await deleteDocument(pipeline, first?.seq ?? 0)).toBe(false);
  expect(await deleteDocument(pipeline, second?.seq ?? 0)).toBe(true);
  expect((await all(pipeline)).map(({ value }) => value.count)).toEqual([7]);
});

test('changes at the same time lose nothing', async () => {
  const pipeline = await workplace();
  const increase = () =>
    updateDocument(pipeline, subject, decode, (now) => ({ count: (now?.count ?? 0) + 1 }));
  await Promise.all(Array.from({ length: 8 }, increase));
  expect(await readDocument(pipeline, subject, decode)).toMatchObject({ value: { count: 8 } });
});

test('what another program wrote is told in a list, and refused where it is asked for', async () => {
  const pipeline = await workplace();
  const { link } = pipeline;
  await link.publish(subject, 'no JSON', {});
  await link.publish('events-operations.group.bb', '{"count":-1}', {});
  await createDocument(pipeline, 'events-operations.group.cc', { count: 1 });
  const told: string[] = [];
  expect(await all(pipeline, told)).toHaveLength(1);
  expect(told).toEqual([`${subject}: not valid JSON`, 'events-operations.group.bb: count: expected a count']);
  await expect(readDocument(pipeline, subject, decode)).rejects.toMatchObject({ code: 'UNREADABLE' });
  // It is not overwritten either.
  await expect(updateDocument(pipeline, subject, decode, () => ({ count: 1 }))).rejects.toMatchObject({
    code: 'UNREADABLE',
  });
});

test('a server where the stream was not applied yet has no documents, and takes none', async () => {
  const pipeline = await workplace({ applied: false });
  expect(await readDocument(pipeline, subject, decode)).toBeUndefined();
  expect(await all(pipeline)).toEqual([]);
  await expect(createDocument(pipeline, subject, { count: 1 })).rejects.toMatchObject({ code: 'NO_STREAM' });
});
