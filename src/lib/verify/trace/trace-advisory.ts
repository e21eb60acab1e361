import type { Pipeline } from '../../pipeline/pipeline.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import type { Key } from '../../domain/key.js';
import type { Transcriber } from '../../routing/transcribe.js';
import type { Positions } from '../scan/positions.js';
import { tookMeta } from './took-meta.js';
import type { Trace } from './trace.js';
import type { UntoldAdvisory } from '../scan/untold-advisories.js';
import { findingOf } from '../verification.js';

/** What became of an advisory of the server that had led to no exhaustion when the journal was read. */
export async function traceAdvisory(
  pipeline: Pipeline,
  positions: Positions,
  transcriber: Transcriber,
  untold: UntoldAdvisory,
): Promise<Trace> {
  const { config } = pipeline;
  const { journalSeq } = untold;
  const { name } = config.streams.advisories;
  if (positions.of(name, metaConsumers.main, journalSeq) !== 'acked') return 'in-flight';
  // The meta tiers answer for what the meta-consumer could not route.
  if (await tookMeta(pipeline, journalSeq)) return 'fine';
  const judgement = await transcriber.judge(untold);
  if (judgement.is === 'lost') {
    const { consumer, streamSeq: seq, stream } = judgement.advisory;
    const origin = { stream, seq, subject: '', time: '0' };
    const key: Key = { tier: 'business', consumer, origin, stage: 'main', cycle: 0 };
    return findingOf(key, 'event-lost', judgement.reason);
  }
  if (judgement.is !== 'exhaustion') return 'fine';
  const detail = `the meta-consumer has finished the server's advisory about it (journal ${journalSeq}), and there is no exhaustion record`;
  return { ...findingOf(judgement.exhaustion, 'not-routed', detail, true), advisorySeq: journalSeq };
}
