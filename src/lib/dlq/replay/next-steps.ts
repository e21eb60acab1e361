import { printTerm } from '../../domain/selection/print.js';
import type { Term } from '../../domain/selection/selection.js';
import { type Suggestion, type OwnCommand, suggestCommand } from '../../suggestion.js';
import type { ReplayPlan } from './plan-replay.js';
import type { ReplayResult } from './result.js';

type Replayed = Pick<ReplayResult, 'task' | 'state' | 'stopped' | 'replayed' | 'deadAgain'>;
type Planned = Pick<ReplayPlan, 'missing' | 'replaced' | 'skipped'>;

/** How a replay was asked for. */
export interface Asked {
  /** What it waited for is known. */
  readonly waited: boolean;
  /** Of its selection; none where ids or a task were named. */
  readonly terms: readonly Term[];
}

/** What there is to do after a replay. */
export function nextSteps(result: Replayed, plan: Planned, { waited, terms }: Asked): Suggestion[] {
  const { task, state, stopped, replayed, deadAgain } = result;
  const next: Suggestion[] = [];
  if (plan.missing + plan.replaced > 0) next.push(discardLost(result, plan, terms));
  if (deadAgain > 0) {
    const args = [taskTerm(result) ?? 'cycle:>=1'];
    next.push(suggestCommand('dlq list', { args, why: 'see why' }));
  }
  if (task !== null && (state === 'interrupted' || state === 'stopped')) {
    next.push(suggestCommand('dlq replay', { flags: { task }, why: 'carry on with the rest' }));
  } else if (deadAgain === 0 && replayed > 0 && !waited && stopped === null) {
    next.push(
      task === null || state === null
        ? suggestCommand('advisories tail', { flags: { since: '1m' }, why: 'see what becomes of them' })
        : suggestCommand('tasks watch', { args: [task], why: 'see what becomes of them' }),
    );
  }
  return next;
}

/** Those of the plan whose original is gone, and no others where that can be said. */
function discardLost(
  result: Replayed,
  { missing, replaced, skipped }: Planned,
  terms: readonly Term[],
): OwnCommand {
  const [only, ...others] = skipped;
  const task = taskTerm(result);
  const from = task === undefined ? terms.filter(({ key }) => key !== 'original').map(printTerm) : [task];
  const states = [...(missing > 0 ? ['missing'] : []), ...(replaced > 0 ? ['replaced'] : [])];
  return suggestCommand('dlq discard', {
    args: only && others.length === 0 ? [only.id] : [...from, `original:${states.join(',')}`],
    flags: { reason: { blank: 'text' } },
    why: "discard what can't be replayed",
  });
}

/** All that the plan found and is in the DLQ; undefined: no task was kept. */
function taskTerm({ task, state }: Replayed): string | undefined {
  return task === null || state === null ? undefined : `task:${task}`;
}
