import type { ReplayResult } from '../../dlq/replay/result.js';
import { InterruptedError } from '../../errors.js';
import { type Suggestion, suggestCommand } from '../../suggestion.js';

const carryOn = (task: string): Suggestion =>
  suggestCommand('dlq replay', { flags: { task }, why: 'carry on with the rest' });

/** What is said where a replay is ended at once. `task` undefined: it has none; `replayed`: by this process. */
export function replayInterruption(task: string | undefined, replayed: number): InterruptedError {
  const which = task === undefined ? 'the replay' : `task ${task}`;
  const next = task === undefined ? suggestCommand('dlq list', { why: 'see what is left' }) : carryOn(task);
  return new InterruptedError(
    `interrupted: ${which} had replayed ${replayed} here by then, and what was in hand may be replayed too`,
    { suggestions: [next] },
  );
}

/** What can be done after a replay has ended. */
export function nextSteps(
  { task, state, stopped, replayed, deadAgain }: ReplayResult,
  waited: boolean,
): Suggestion[] {
  const next: Suggestion[] = [];
  if (deadAgain > 0) next.push(suggestCommand('dlq list', { why: 'see why' }));
  if (task !== null && (state === 'interrupted' || state === 'stopped')) {
    next.push(carryOn(task));
  } else if (deadAgain === 0 && replayed > 0 && !waited && stopped === null) {
    next.push(
      task === null || state === null
        ? suggestCommand('advisories tail', { flags: { since: '1m' }, why: 'see what becomes of them' })
        : suggestCommand('tasks watch', { args: [task], why: 'see what becomes of them' }),
    );
  }
  return next;
}
