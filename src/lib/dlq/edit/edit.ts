import type { EditableEvent } from '../../domain/edit.js';
import { isoOfMs } from '../../domain/time.js';
import type { ExitCode } from '../../errors.js';
import { printSelection } from '../../domain/selection/print.js';
import { logRead } from '../../operations/log-read.js';
import { selectionOfFilters } from '../filters.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { noStream } from '../../nats/read/read-stream.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { keepEdited } from '../../pointers/kept/store-kept.js';
import {
  type Author,
  authorOf,
  carryOutPlan,
  type CarryOutOptions,
  type Skipped,
} from '../plan/carry-out.js';
import { persistently } from '../plan/persistently.js';
import {
  type LetterPlan,
  type LetterSelection,
  planLetters,
  type SkippedLetter,
} from '../plan/plan-letters.js';
import type { ReplayTerms } from '../replay/plan-replay.js';
import type { Followed } from '../replay/replay-letters.js';
import { replayOne, type ReplayOutcome } from '../replay/replay-one.js';
import { nextJournalSeq, waitForOutcomes } from '../replay/wait.js';
import { type Change, decideEdits, type EditDecision } from './decide-edit.js';

/** One event before and after. */
export interface Difference {
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** As it is. */
  readonly before: EditableEvent;
  /** As it would be. */
  readonly after: EditableEvent;
}

/** What an edit would do. */
export interface EditPlan extends LetterPlan {
  /** Of the first ten. */
  readonly differences: readonly Difference[];
  /** How many would stay as they are: they are left in the DLQ. */
  readonly unchanged: number;
  /** Refused: by the schema of their event type, by what they are, or since they can't be replayed. */
  readonly invalid: readonly SkippedLetter[];
}

/** What `dlq edit --json` prints. */
export interface EditResult {
  /** The name under which the journal keeps it; null: nothing was written. */
  readonly task: string | null;
  /** Dead letters that the selection found. */
  readonly selected: number;
  /** How many differ; with `--dry-run`, would. */
  readonly changed: number;
  /** How many would stay as they are, and were left in the DLQ. */
  readonly unchanged: number;
  /** Those that were refused, each with the reason. */
  readonly invalid: readonly { readonly id: string; readonly reason: string }[];
  /** How many are on their way again. */
  readonly replayed: number;
  /** `--wait`: how many have succeeded since. */
  readonly resolved?: number;
  /** `--wait`: how many are dead letters again. */
  readonly deadAgain?: number;
  /** `--wait`: neither, as far as was waited. */
  readonly pending?: number;
}

const mostShown = 10;

/**
 * Finds what is selected and what the change would make of it. Writes nothing.
 *
 * Throws OperationError `NOT_FOUND` (exit code 1) when the only id that was asked for has no dead letter, and
 * `NO_STREAM` where the pipeline was applied before there was a stream for edited events.
 */
export async function planEdit(
  pipeline: Pipeline,
  selection: LetterSelection,
  change: Change,
  terms: ReplayTerms = {},
): Promise<EditPlan> {
  const { link, places } = pipeline;
  if (!(await link.streamInfo(places.kept.stream))) throw noStream(link, places.kept.stream);
  const which =
    'ids' in selection ? selection.ids.join(' ') : printSelection(selectionOfFilters(selection.filters));
  await logRead(pipeline, `dlq edit ${which}`);
  const differences: Difference[] = [];
  const reasons = new Map<string, 'unchanged' | 'invalid' | 'skipped'>();
  const plan = await planLetters(pipeline, selection, async (entries) => {
    const decisions = await decideEdits(pipeline, entries, change, terms);
    for (const [i, decision] of decisions.entries()) {
      const { id } = (entries[i] as DlqEntry).letter;
      if (decision.do === 'skip') reasons.set(id, decision.why);
      if (decision.do === 'edit' && differences.length < mostShown) differences.push({ id, ...decision });
    }
    return decisions;
  });
  const invalid = plan.skipped.filter(({ id }) => reasons.get(id) !== 'unchanged');
  return { ...plan, differences, unchanged: plan.skipped.length - invalid.length, invalid };
}

/** Nothing was done. */
export function unedited({ items, skipped, unchanged, invalid }: EditPlan): EditResult {
  const selected = items.length + skipped.length;
  return { task: null, selected, changed: items.length, unchanged, invalid: plain(invalid), replayed: 0 };
}

function plain(skipped: readonly SkippedLetter[]): EditResult['invalid'] {
  return skipped.map(({ id, reason }) => ({ id, reason }));
}

/** How to edit. */
export interface EditOptions extends CarryOutOptions, ReplayTerms {
  /** Why; kept with the event and in the journal. */
  readonly note: string;
  /** Wait this long, ms, for each to be resolved or dead again. Default: don't wait. */
  readonly waitMs?: number;
}

/**
 * Stores the edited version of each event of a plan, and replays it with that: the version, EDITED, then as a replay.
 * Every write can be repeated, so that it can be killed between any two of them and run again. The original stays.
 */
export async function editDeadLetters(
  pipeline: Pipeline,
  plan: EditPlan,
  change: Change,
  options: EditOptions,
): Promise<EditResult> {
  const { signal, note, waitMs } = options;
  const author = authorOf(pipeline, 'edit', options);
  const fromSeq = await nextJournalSeq(pipeline);
  const followed: Followed[] = [];
  const skipped = await carryOutPlan<EditDecision, ReplayOutcome>(
    pipeline,
    plan,
    {
      decide: (entries) => decideEdits(pipeline, entries, change, options),
      carryOut: (entry, decision) => editOne(pipeline, { ...author, note }, entry, decision, signal),
      done: (outcome, { id }) => {
        if (outcome.is === 'replayed') followed.push({ id, key: outcome.key, earlier: outcome.earlier });
      },
    },
    options,
  );
  const result: EditResult = {
    ...unedited(plan),
    task: author.task,
    changed: followed.length,
    invalid: plain([...plan.invalid, ...skipped]),
    replayed: followed.length,
  };
  if (waitMs === undefined || signal?.aborted) return result;
  const deadline = AbortSignal.timeout(waitMs);
  const { resolved, deadAgain, pending } = await waitForOutcomes(pipeline, followed, {
    fromSeq,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  });
  return { ...result, resolved: resolved.length, deadAgain: deadAgain.length, pending: pending.length };
}

async function editOne(
  pipeline: Pipeline,
  author: Author & { readonly note: string },
  entry: DlqEntry,
  decision: Exclude<EditDecision, { readonly do: 'skip' }>,
  signal: AbortSignal | undefined,
): Promise<ReplayOutcome | Skipped> {
  if (decision.do === 'finish') return replayOne(pipeline, author, entry, decision.doing, signal);
  const { pointer, stored } = decision;
  const { consumer, origin } = pointer;
  const cycle = pointer.cycle + 1;
  const edit = { ...author, at: isoOfMs(pipeline.clock.now()) };
  const event = { consumer, origin, edit, headers: stored.headers, data: stored.payload };
  await persistently(() => keepEdited(pipeline, event, cycle), signal);
  return replayOne(pipeline, author, entry, { do: 'replay', pointer, edited: { cycle, edit } }, signal);
}

/** 5 when some were refused, or, where it was waited for, are dead again or pending; else 0. */
export function exitCodeOfEdit({ invalid, deadAgain = 0, pending = 0 }: EditResult): ExitCode | 0 {
  return invalid.length > 0 || deadAgain + pending > 0 ? 5 : 0;
}
