import { listGroups } from '../dlq/groups/list-groups.js';
import { listDeadLetters } from '../dlq/list.js';
import type { LetterSelection } from '../dlq/plan/plan-letters.js';
import type { LetterStatus } from '../domain/selection/match.js';
import { OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { renderChoice, type View } from '../render/dead-letters.js';
import { renderGroupChoice } from '../render/groups.js';
import { replayVerb, type Verb } from './flags/replay-selection.js';

/** As many as a prompt shows at once are chosen from one by one. */
const few = 15;
/** More than these are not chosen from by hand. */
const mostLetters = 200;
const mostGroups = 100;

/**
 * Lets a person choose: dead letters where there are few, else groups, and then all of these or some. Choosing none is an
 * answer: throws OperationError `DECLINED` (exit code 1).
 */
export async function chooseSelection(
  pipeline: Pipeline,
  view: View,
  verb: Verb = replayVerb,
  archived = verb.amongArchived === true,
): Promise<LetterSelection> {
  const where = archived ? { status: 'archived' as const } : {};
  const { total } = await listDeadLetters(pipeline, where, few);
  if (total === 0) return { ids: [] };
  if (total <= few) return chooseLetters(pipeline, view, verb, where);
  const selection = await chooseGroups(pipeline, view, verb, where);
  const filters = { ...where, selection: selection.text };
  const { chooseOne } = await import('./prompts.js');
  const which = await chooseOne(`${selection.count} selected`, [
    { name: selection.count === 1 ? 'this one' : `all ${selection.count}`, value: 'all' },
    { name: 'choose among them', value: 'some' },
  ]);
  return which === 'all' ? { filters } : chooseLetters(pipeline, view, verb, filters);
}

/** The term that selects them, and how many dead letters they have by now. */
async function chooseGroups(
  pipeline: Pipeline,
  view: View,
  verb: Verb,
  where: { readonly status?: LetterStatus },
): Promise<{ readonly text: string; readonly count: number }> {
  const { total, groups, letters } = await listGroups(pipeline, where, { limit: mostGroups });
  const { chooseMany } = await import('./prompts.js');
  const which =
    total > groups.length ? `${groups.length} largest of ${total}; select others with terms` : `${total}`;
  const ids = await chooseMany(
    `Which groups of the ${letters} dead letters? (${which})`,
    groups.map((group) => ({ name: renderGroupChoice(group, view), value: group.id })),
  );
  if (ids.length === 0) throw noneChosen(verb);
  const count = groups.reduce((sum, group) => sum + (ids.includes(group.id) ? group.count : 0), 0);
  return { text: `group:${ids.join(',')}`, count };
}

async function chooseLetters(
  pipeline: Pipeline,
  view: View,
  verb: Verb,
  filters: { readonly status?: LetterStatus; readonly selection?: string },
): Promise<LetterSelection> {
  const { total, items } = await listDeadLetters(pipeline, filters, mostLetters);
  const { chooseMany } = await import('./prompts.js');
  const which =
    total > items.length ? `${items.length} oldest of ${total}; select others with filters` : `${total}`;
  const ids = await chooseMany(
    `Which dead letters? (${which})`,
    items.map((item) => ({ name: renderChoice(item, view), value: item.id })),
  );
  if (ids.length === 0) throw noneChosen(verb);
  return { ids, ...(filters.status === undefined ? {} : { status: filters.status }) };
}

function noneChosen({ done }: Verb): OperationError {
  return new OperationError(`nothing was ${done}: none was chosen`, { code: 'DECLINED' });
}
