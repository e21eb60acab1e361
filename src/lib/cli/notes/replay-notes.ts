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
