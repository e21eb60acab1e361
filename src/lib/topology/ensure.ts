import type { PipelineConfig } from '../config/resolved.js';
import { OperationError } from '../errors.js';
import type { Link } from '../nats/link.js';
import { applyPlan, checkTopology, planTopology } from './apply.js';
import { conflictError } from './refusal.js';

/**
 * Makes sure that the server has what a config needs to run. With `apply` it creates and updates what is
 * missing, but nothing that loses, skips or repeats events: that takes `pipeline apply` and a person.
 *
 * Throws OperationError `NOT_APPLIED` with what is missing or different.
 */
export async function ensureTopology(
  link: Link,
  config: PipelineConfig,
  options: { apply: boolean },
): Promise<void> {
  const { changes, conflicts } = await checkTopology(link, config);
  const conflict = conflictError(conflicts);
  if (conflict) throw conflict;
  if (changes.length === 0) return;
  if (options.apply) {
    const plan = await planTopology(link, config);
    if (!plan.needsConfirmation) {
      await applyPlan(link, plan);
      return;
    }
  }
  const facts = changes.map(({ action, kind, name, fields }) => {
    const paths = fields.map((field) => field.path).join(', ');
    return `${action} ${kind} ${name}${action === 'create' || paths === '' ? '' : ` (${paths})`}`;
  });
  const why = options.apply
    ? 'a change that needs a person stands in the way'
    : 'the server does not match the config';
  throw new OperationError(`${why}:\n  ${facts.join('\n  ')}`, {
    code: 'NOT_APPLIED',
    suggestions: [
      'plutomi-events pipeline apply',
      ...(options.apply ? [] : ['plutomi-events pipeline run --apply']),
    ],
  });
}
