import { exactTexts } from '../../domain/selection/pattern.js';
import { printTerm } from '../../domain/selection/print.js';
import { textTerm } from '../../domain/selection/make-term.js';
import type { Term } from '../../domain/selection/selection.js';
import { OperationError, UsageError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { findTask, type TaskHead } from '../../tasks/find-task.js';
import { readLetterParts } from '../../tasks/parts.js';

/**
 * Which of the tasks that terms name found a dead letter of an id, in the words of the terms; undefined: none is named.
 *
 * @throws UsageError for a task that there is not; OperationError `TASK_INCOMPLETE`
 */
export async function tasksMeant(
  pipeline: Pipeline,
  terms: readonly Term[],
): Promise<((id: string) => readonly string[]) | undefined> {
  const words = [...new Set(terms.filter(({ key }) => key === 'task').flatMap((term) => exactTexts(term)))];
  if (words.length === 0) return undefined;
  const held = new Map<string, string[]>();
  for (const word of words) {
    const { task } = await taskOf(pipeline, word);
    const parts = await readLetterParts(pipeline, task);
    const ids = new Set(
      parts.flatMap(({ letters, skipped }) => [...letters, ...skipped].map(({ id }) => id)),
    );
    for (const id of ids) held.set(id, [...(held.get(id) ?? []), word]);
  }
  return (id) => held.get(id) ?? [];
}

async function taskOf(pipeline: Pipeline, word: string): Promise<TaskHead> {
  try {
    return await findTask(pipeline, word);
  } catch (error) {
    if (!(error instanceof OperationError) || !['NO_TASK', 'AMBIGUOUS_TASK'].includes(error.code))
      throw error;
    const { message, suggestions } = error;
    throw new UsageError(`${printTerm(textTerm('task', word))}: ${message}`, { suggestions });
  }
}
