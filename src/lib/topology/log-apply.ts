import { clipText } from '../domain/escape.js';
import { PlutomiError } from '../errors.js';
import { logDone } from '../operations/operation-log.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { isPending } from './diff/diff.js';
import type { Plan } from './plan.js';

const longestNote = 200;
const mostConsumers = 20;

/**
 * Stores who has applied what, for `operations log`: the objects that changed, and the keys of the config that differed.
 * Undefined: it is stored. A text: why not; the apply is done all the same.
 */
export async function logApply(
  pipeline: Pipeline,
  { changes, differs }: Pick<Plan, 'changes'> & { readonly differs: readonly string[] },
): Promise<string | undefined> {
  const pending = changes.filter(isPending);
  const objects = pending.map(({ action, kind, name }) => `${action} ${kind} ${name}`);
  const keys = differs.length === 0 ? [] : [`config: ${differs.join(', ')}`];
  const consumers = pending.flatMap(({ kind, name }) => (kind === 'consumer' ? [name] : []));
  const note = clipText([...keys, ...objects].join('; ') || 'the config', longestNote);
  try {
    await logDone(pipeline, {
      did: 'applied',
      consumers: [...new Set(consumers)].slice(0, mostConsumers),
      note,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof PlutomiError)) throw error;
    return error.message;
  }
}
