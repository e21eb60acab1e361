import { expect, test } from 'vitest';
import { planArchive } from '../../src/lib/dlq/archive/archive.js';
import { planRestore } from '../../src/lib/dlq/archive/restore.js';
import { planDiscard } from '../../src/lib/dlq/discard.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { planEdit } from '../../src/lib/dlq/edit/edit.js';
import { decideGroup } from '../../src/lib/dlq/groups/change-group.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { openReplay } from '../../src/lib/dlq/replay/replay-task.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { cancelTask } from '../../src/lib/tasks/cancel-task.js';
import { pauseConsumer, resumeConsumer } from '../../src/lib/topology/pause.js';
import { bury, consumer } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const all = { filters: {} };

const changes: readonly (readonly [string, (pipeline: Pipeline) => Promise<unknown>])[] = [
  ['discard', (pipeline) => planDiscard(pipeline, all)],
  ['archive', (pipeline) => planArchive(pipeline, all)],
  ['restore', (pipeline) => planRestore(pipeline, all)],
  ['replay', (pipeline) => planReplay(pipeline, all)],
  ['replay of a task', (pipeline) => openReplay(pipeline, 'replay-1')],
  ['edit', (pipeline) => planEdit(pipeline, all, changeBy({ set: [], unset: [] }, undefined))],
  [
    'decision about a group',
    async (pipeline) => {
      const { items } = await listDeadLetters(pipeline);
      return decideGroup(pipeline, items[0]?.group ?? '', { do: 'ack' });
    },
  ],
  ['end of a task', (pipeline) => cancelTask(pipeline, 'replay-1')],
  ['pause', (pipeline) => pauseConsumer(pipeline, consumer, Date.now() + 60_000)],
  ['end of a pause', (pipeline) => resumeConsumer(pipeline, consumer)],
];

test('with the config of another pipeline nothing of what is there is changed; it can be looked at', async () => {
  const bed = await testBed();
  await bury(bed);
  const other = pipelineOf(bed.link, { ...bed.config, name: 'other' });
  for (const [what, change] of changes) {
    await expect(change(other), what).rejects.toMatchObject({
      code: 'OTHER_PIPELINE',
      message: expect.stringContaining(
        `belongs to the pipeline ${bed.config.name}, and this is the config of other: nothing was changed`,
      ) as string,
    });
  }
  expect(await listDeadLetters(other)).toMatchObject({ total: 1 });
});
