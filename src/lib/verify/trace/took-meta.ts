import type { Pipeline } from '../../pipeline/pipeline.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { recordSubject } from '../../domain/subjects.js';
import { exhaustionKinds } from '../../domain/record-kinds.js';

/** Did the meta-consumer give up a record of the journal? */
export async function tookMeta(pipeline: Pipeline, journalSeq: number): Promise<boolean> {
  const { link } = pipeline;
  const { stream, root } = pipeline.places.journal;
  const found = await Promise.all(
    exhaustionKinds.map((kind) => {
      const place = { consumer: metaConsumers.main, seq: journalSeq, stage: 'main', cycle: 0 } as const;
      return link.readLast(stream, recordSubject(root, { tier: 'meta', kind, ...place }));
    }),
  );
  return found.some((message) => message !== undefined);
}
