import type { Pipeline } from '../../pipeline/pipeline.js';
import { isLeft } from '../../domain/ownership.js';
import type { ConsumerInfo } from '../../nats/objects.js';
import { orphanedReaders } from '../../topology/orphans.js';
import type { Problem, Warning } from '../verification.js';
import { suggestCommand, suggestOther } from '../../suggestion.js';

/** What consumers that left the config have not processed: a problem until it was decided to leave it. */
export async function checkOrphans(
  pipeline: Pipeline,
): Promise<{ readonly problems: readonly Problem[]; readonly warnings: readonly Warning[] }> {
  const orphans = (await orphanedReaders(pipeline)).filter(
    (info) => info.num_pending + info.num_ack_pending > 0,
  );
  const [left, stranded] = [
    orphans.filter(({ config: { metadata } }) => isLeft(metadata)),
    orphans.filter(({ config: { metadata } }) => !isLeft(metadata)),
  ];
  return {
    problems: stranded.map((info) => ({
      kind: 'stranded',
      consumer: info.name,
      stream: info.stream_name,
      detail: factsOf(info),
      suggestions: [suggestCommand('pipeline apply', { flags: { 'dry-run': true }, why: 'see the plan' })],
      repairable: false,
    })),
    warnings: left.map((info) => ({
      kind: 'stranded',
      detail: `${info.name}: ${factsOf(info)}, and was left behind`,
      suggestions: [
        suggestOther('nats', ['consumer', 'rm', info.stream_name, info.name], { why: 'to delete it' }),
      ],
    })),
  };
}

function factsOf({ num_pending: undelivered, num_ack_pending: unacked }: ConsumerInfo): string {
  return `it is no longer in the config: ${undelivered} not delivered, ${unacked} in flight`;
}
