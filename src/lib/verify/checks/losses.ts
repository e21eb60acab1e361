import type { Pipeline } from '../../pipeline/pipeline.js';
import type { PipelineConfig } from '../../config/resolved.js';
import { recordSubject } from '../../domain/subjects.js';
import { stageEnds } from '../../domain/record-kinds.js';
import { concurrently } from '../../flow/concurrently.js';
import type { Loss } from '../scan/scan-journal.js';
import { type Finding, findingOf } from '../verification.js';

const lookupsAtOnce = 32;

/** The losses that the server reported and that no record of ours makes good: an event that ended after all is not lost. */
export async function confirmLosses(
  pipeline: Pipeline,
  losses: ReadonlyMap<string, Loss>,
): Promise<Finding[]> {
  const { config } = pipeline;
  const all = [...losses.values()];
  const ended = await concurrently(all, lookupsAtOnce, (loss) => hasEnded(pipeline, loss));
  return all.filter((_, i) => ended[i] === false).map((loss) => lossFinding(config, loss));
}

async function hasEnded(pipeline: Pipeline, { consumer, seq }: Loss): Promise<boolean> {
  const { link } = pipeline;
  const { stream, root } = pipeline.places.journal;
  const found = await Promise.all(
    stageEnds.map((kind) => {
      const place = { consumer, seq, stage: 'main', cycle: 0 } as const;
      return link.readLast(stream, recordSubject(root, { tier: 'business', kind, ...place }));
    }),
  );
  return found.some((message) => message !== undefined);
}

function lossFinding(config: PipelineConfig, { consumer, seq, at, reason }: Loss): Finding {
  const origin = { stream: config.streams.events.name, seq, subject: '', time: '0' };
  const detail = `the server removed it at ${at}, before the consumer had acknowledged it: ${reason}`;
  return findingOf({ tier: 'business', consumer, origin, stage: 'main', cycle: 0 }, 'event-lost', detail);
}
