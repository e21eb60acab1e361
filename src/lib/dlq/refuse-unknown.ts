import type { Pipeline } from '../pipeline/pipeline.js';
import { readersOf } from '../config/resolved.js';
import { unknownConsumer } from '../config/unknown-consumer.js';
import { closest } from '../domain/closest.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { filtersOverlap, pointerFilter } from '../domain/subjects.js';
import { UsageError } from '../errors.js';
import { suggestFlag } from '../suggestion.js';

/**
 * Called when nothing matched: throws UsageError for names that nothing can ever match. A consumer that has left the
 * config may still have dead letters, so it counts as known as long as it has one.
 */
export async function refuseUnknown(
  pipeline: Pipeline,
  { consumer, subject }: { readonly consumer?: string; readonly subject?: string },
): Promise<void> {
  const { link, config } = pipeline;
  const { streams, roots } = config;
  if (consumer !== undefined) {
    const names = [...readersOf(config).map(({ name }) => name), metaConsumers.main];
    const has = async (): Promise<boolean> =>
      (await link.readLast(streams.dlq.name, pointerFilter(roots.dlq, consumer))) !== undefined;
    if (!names.includes(consumer) && !(await has())) {
      throw unknownConsumer('consumer', consumer, names.slice(0, -1));
    }
  }
  const stored = Object.values(streams).flatMap(({ subjects }) => subjects);
  if (subject !== undefined && !stored.some((one) => filtersOverlap(one, subject))) {
    const known = [...config.events.map((event) => event.subject), ...streams.events.subjects];
    const near = closest(subject, known);
    throw new UsageError(
      `--subject: no stream of this pipeline stores "${subject}"; ${streams.events.name} stores ${streams.events.subjects.join(', ')}`,
      { suggestions: near === undefined ? [] : [suggestFlag('subject', near)] },
    );
  }
}
