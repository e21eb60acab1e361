import { refuseTexts } from '../domain/given.js';
import {
  type ConsumerSettings,
  type ExternalConsumer,
  type PipelineConfig,
  readersOf,
} from '../config/resolved.js';
import { unknownConsumer } from '../config/unknown-consumer.js';

/**
 * The consumers that `--only` names, or all: those with a handler, and those of other programs, of which a process
 * reports the dead letters. Throws UsageError for a name that the config doesn't have.
 */
export function selectConsumers(
  config: PipelineConfig,
  only: readonly string[] | undefined,
): (ConsumerSettings | ExternalConsumer)[] {
  refuseTexts('only', only);
  const readers = [...readersOf(config)];
  if (!only) return readers;
  const known = readers.map((consumer) => consumer.name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown === undefined) return readers.filter((consumer) => only.includes(consumer.name));
  throw unknownConsumer('only', unknown, known);
}
