import { describe, expect, it } from 'vitest';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { planEdit } from '../../src/lib/dlq/edit/edit.js';
import { exportDeadLetters } from '../../src/lib/dlq/out/export.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { parseSetting } from '../../src/lib/domain/edit.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { readEvents } from '../../src/lib/events/read/read-events.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { readOperations } from '../../src/lib/report/operations-log.js';
import { bury, consumer } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const identity = { worker: 'test:1:audit', operator: 'ada@test' };

async function look(bed: TestBed): Promise<void> {
  const pipeline = pipelineOf(bed.link, bed.config, { identity });
  await showDeadLetter(pipeline, `${consumer}/1`);
  await explainEvent(pipeline, '1');
  await explainEvent(pipeline, '1', { withContent: true });
  for await (const _ of exportDeadLetters(pipeline, {}));
  for await (const _ of exportDeadLetters(pipeline, { selection: 'age:<9d' }, { withData: true }));
  const change = changeBy({ set: [parseSetting('data.a=1') as never], unset: [] }, undefined);
  await planEdit(pipeline, { ids: [`${consumer}/1`] }, change);
  for await (const _ of readEvents(pipeline, { subjects: ['totp.requested'], follow: false }));
}

describe('with audit.reads', () => {
  it('operations log has who looked at which payloads', async () => {
    const bed = await testBed({ audit: { reads: true } });
    await bury(bed);
    await look(bed);
    const { operations } = await readOperations(pipelineOf(bed.link, bed.config));
    expect(operations.map(({ operator, did, note }) => [operator, did, note])).toEqual(
      [
        `dlq show ${consumer}/1`,
        'events explain events 1, with its data',
        'dlq export --with-data age:<9d',
        `dlq edit ${consumer}/1`,
        'events tail totp.requested',
      ].map((note) => ['ada@test', 'read payloads', note]),
    );
    expect(operations[0]?.consumers).toEqual([{ name: consumer, count: null }]);
  });

  it('what can not be logged is not shown', async () => {
    const bed = await testBed({ audit: { reads: true } });
    await bury(bed);
    await deleteStream(bed.link, 'events-operations');
    const pipeline = pipelineOf(bed.link, bed.config, { identity });
    await expect(showDeadLetter(pipeline, `${consumer}/1`)).rejects.toMatchObject({ code: 'NOT_LOGGED' });
  });

  it('without it nothing is kept of that', async () => {
    const bed = await testBed();
    await bury(bed);
    await look(bed);
    expect(await readOperations(pipelineOf(bed.link, bed.config))).toEqual({ total: 0, operations: [] });
  });
});
