import { stageConsumers } from '../../domain/consumer-names.js';
import type { Move, Moved, MovePlan } from '../../dlq/move.js';
import { UsageError } from '../../errors.js';
import type { Plan } from '../../topology/plan.js';
import { pathOf } from '../../topology/diff/diff.js';

/** `<old>=<new>` as `--move-dead-letters` takes it; each old name once. */
export function parseMoves(given: readonly string[] = []): Move[] {
  const moves = given.map((text) => {
    const [from = '', to = '', ...rest] = text.split('=');
    if (from !== '' && to !== '' && rest.length === 0 && from !== to) return { from, to };
    throw new UsageError(`--move-dead-letters ${text}: expected <old>=<new>, the names of two consumers`, {
      suggestions: ['e.g. --move-dead-letters billing=invoices'],
    });
  });
  const twice = moves.find(({ from }, i) => moves.findIndex((one) => one.from === from) < i);
  if (twice === undefined) return moves;
  throw new UsageError(`--move-dead-letters ${twice.from}=${twice.to}: ${twice.from} is moved twice`);
}

/** The orphans of a plan that nothing is left in once these moves are made. */
export function emptiedBy(plan: Plan, moves: readonly Move[]): string[] {
  const stages = moves.map(({ from }) => stageConsumers(from));
  return plan.changes
    .filter(({ action, kind, name }) => {
      const isOf = stages.some(({ retry, dlq }) => name === retry || name === dlq);
      return action === 'orphan' && kind === 'consumer' && isOf;
    })
    .map(pathOf);
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

export function describeMove({ from, to, retry, dlq }: MovePlan): string {
  const retries = counted(retry, 'waiting retry', 'waiting retries');
  return `> move ${counted(dlq, 'dead letter', 'dead letters')} and ${retries} of ${from} to ${to}`;
}

export function describeMoved({ from, to, moved, skipped }: Moved): string {
  const left = skipped.length === 0 ? '' : `, ${skipped.length.toLocaleString('en-US')} skipped`;
  return `Moved ${moved.toLocaleString('en-US')} of ${from} to ${to}${left}.`;
}
