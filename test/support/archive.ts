import {
  archiveDeadLetters,
  type ArchiveOptions,
  type ArchiveResult,
  planArchive,
} from '../../src/lib/dlq/archive/archive.js';
import { planRestore, restoreDeadLetters, type RestoreResult } from '../../src/lib/dlq/archive/restore.js';
import { discardDeadLetters, type DiscardResult, planDiscard } from '../../src/lib/dlq/discard.js';
import type { LetterPlan, LetterSelection } from '../../src/lib/dlq/plan/plan-letters.js';
import type { Link } from '../../src/lib/nats/link.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import type { Ground } from './dead-letters.js';
import { pipelineOf } from './pipeline-of.js';
import { everything } from './replay.js';

export type Verb = 'archive' | 'restore' | 'discard';

const archivedOnes: LetterSelection = { filters: { status: 'archived' } };

/** As `ada@test`, over this connection. */
export function operatorOf(bed: Ground, link: Link = bed.link): Pipeline {
  return pipelineOf(link, bed.config, { identity: { worker: 'test:1:archive', operator: 'ada@test' } });
}

/** What a verb would do; `discard` is that of archived ones. */
export function planOf(bed: Ground, verb: Verb, selection?: LetterSelection): Promise<LetterPlan> {
  const pipeline = pipelineOf(bed.link, bed.config);
  if (verb === 'archive') return planArchive(pipeline, selection ?? everything);
  if (verb === 'restore') return planRestore(pipeline, selection ?? everything);
  return planDiscard(pipeline, selection ?? archivedOnes);
}

export function carryOutVerb(
  bed: Ground,
  verb: Verb,
  plan: LetterPlan,
  link?: Link,
): Promise<ArchiveResult | RestoreResult | DiscardResult> {
  const pipeline = operatorOf(bed, link);
  const options = { task: `${verb}-test`, note: `${verb} it` };
  if (verb === 'archive') return archiveDeadLetters(pipeline, plan, options);
  if (verb === 'restore') return restoreDeadLetters(pipeline, plan, options);
  return discardDeadLetters(pipeline, plan, options);
}

export async function archive(
  bed: Ground,
  selection: LetterSelection = everything,
  options: Partial<ArchiveOptions> & { readonly link?: Link } = {},
): Promise<ArchiveResult> {
  const { link, ...rest } = options;
  const plan = await planOf(bed, 'archive', selection);
  return archiveDeadLetters(operatorOf(bed, link), plan, {
    task: 'archive-test',
    note: 'archive it',
    ...rest,
  });
}

export async function restore(
  bed: Ground,
  selection: LetterSelection = everything,
  link?: Link,
): Promise<RestoreResult> {
  const plan = await planOf(bed, 'restore', selection);
  return restoreDeadLetters(operatorOf(bed, link), plan, { task: 'restore-test', note: 'restore it' });
}

/** How many are in the DLQ, and how many are archived. */
export async function countLetters({ link, config }: Ground): Promise<{ dead: number; archived: number }> {
  const { dlq, operations } = config.streams;
  const [dead, kept] = await Promise.all([
    link.streamInfo(dlq.name),
    link.streamInfo(operations.name, `${config.roots.operations}.archived.>`),
  ]);
  return {
    dead: dead?.state.messages ?? 0,
    archived: Object.keys(kept?.state.subjects ?? {}).length,
  };
}
