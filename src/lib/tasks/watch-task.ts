import { refuseNoPipeline, refuseNoSignal, refuseNoText } from '../domain/given.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readTask } from './find-task.js';
import { showTask, type TaskDetails } from './task-outcomes.js';

/** Looks are at least so far apart, and take at most a fifth of the time. */
const everyMs = 1000;
const share = 4;

/** A task as it stands, each time that it is looked at: until it has ended and nothing is pending, or the signal. */
export async function* watchTask(
  pipeline: Pipeline,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<TaskDetails> {
  refuseNoPipeline(pipeline);
  refuseNoText('id', id);
  refuseNoSignal('signal', signal);
  while (!signal.aborted) {
    const since = pipeline.clock.monotonic();
    const head = await readTask(pipeline, id);
    if (!head) throw new OperationError(`task ${id} is not there any more`, { code: 'NO_TASK' });
    const details = await showTask(pipeline, head);
    yield details;
    const { state, pending } = details;
    if (state !== 'planned' && state !== 'running' && pending === 0) return;
    // Nobody carries it out, and what is pending may stay so: the rest is another look's.
    if (state === 'interrupted') return;
    const tookMs = pipeline.clock.monotonic() - since;
    await sleep(Math.max(everyMs, share * tookMs), undefined, { signal }).catch(() => {});
  }
}

/** As of `dlq replay --wait`: 0, or 5 where it did not end with all of them resolved. */
export function exitCodeOfTask({ state, deadAgain, pending, skipped }: TaskDetails): 0 | 5 {
  return state === 'done' && deadAgain + pending + skipped === 0 ? 0 : 5;
}
