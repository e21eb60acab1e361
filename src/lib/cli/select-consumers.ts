import type { ConsumerSettings, PipelineConfig } from '../config/resolved.js';
import { closest } from '../domain/closest.js';
import { UsageError } from '../errors.js';

/** The consumers that `--only` names, or all. Throws UsageError for a name that the config doesn't have. */
export function selectConsumers(
  config: PipelineConfig,
  only: readonly string[] | undefined,
): ConsumerSettings[] {
  if (!only) return [...config.consumers];
  const known = config.consumers.map((consumer) => consumer.name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown === undefined) return config.consumers.filter((consumer) => only.includes(consumer.name));
  const near = closest(unknown, known);
  throw new UsageError(
    `--only: the config has no consumer "${unknown}"; it has ${known.join(', ') || 'none'}`,
    {
      suggestions: near ? [`did you mean: --only ${near}`] : [],
    },
  );
}
