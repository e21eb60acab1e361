import { isoOfMs } from '../../domain/time.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeRecord } from '../../journal/write-record.js';
import type { Case, StageTools } from './case.js';
import { shortSnoozes } from './snooze.js';
import { LetGo } from '../worker/worker.js';

/**
 * Gives an event back that an orderly end leaves unfinished: first the record that its attempt does not count, and
 * only when that is stored the message. Recorded as SNOOZED, which every version of a worker understands. Where the record
 * can't be stored the message comes back by itself.
 */
export async function takeBack({ pipeline }: StageTools, current: Case, attempt: number): Promise<void> {
  const { held, history, task, worker } = current;
  // Somebody else may be running it.
  if (!worker.isOurs(held)) return;
  const { deliveries } = held.delivery;
  const at = isoOfMs(pipeline.clock.now());
  const record = recordAbout(task.key, {
    kind: 'SNOOZED',
    at,
    attempt,
    until: at,
    takenBack: true,
    snoozes: shortSnoozes(history),
    worker: pipeline.identity.worker,
    deliveries,
  });
  try {
    await worker.persist(held, 'write the journal', () => writeRecord(pipeline, record));
    worker.giveBack(held);
  } catch (error) {
    if (!(error instanceof LetGo)) throw error;
  }
}
