import type { PipelineConfig } from '../../config/resolved.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { recordSubject } from '../../domain/subjects.js';
import { exhaustionKinds } from '../../domain/record-kinds.js';
import type { Link } from '../../nats/link.js';
import { journalOf } from '../../routing/route.js';

/** Did the meta-consumer give up a record of the journal? */
export async function tookMeta(link: Link, config: PipelineConfig, journalSeq: number): Promise<boolean> {
  const { stream, root } = journalOf(config);
  const found = await Promise.all(
    exhaustionKinds.map((kind) => {
      const place = { consumer: metaConsumers.main, seq: journalSeq, stage: 'main', cycle: 0 } as const;
      return link.readLast(stream, recordSubject(root, { tier: 'meta', kind, ...place }));
    }),
  );
  return found.some((message) => message !== undefined);
}
