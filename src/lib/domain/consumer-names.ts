import type { Stage } from './key.js';

/** Names of the consumers that serve the three stages of consumer `name`. */
export function stageConsumers(name: string): Readonly<Record<Stage, string>> {
  return { main: name, retry: `${name}-retry`, dlq: `${name}-dlq` };
}

/** The consumer that routes exhaustions, and the two that do for it what it does for the others. */
export const metaConsumers = stageConsumers('meta-consumer');
