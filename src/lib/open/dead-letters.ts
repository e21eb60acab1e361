import { refuseNoObject } from '../domain/given.js';
import { checkOptions, requireOptions } from '../domain/options.js';
import {
  archiveDeadLetters,
  type ArchiveOptions,
  type ArchiveResult,
  planArchive,
} from '../dlq/archive/archive.js';
import { planRestore, restoreDeadLetters, type RestoreResult } from '../dlq/archive/restore.js';
import { carryOutChecks, type CarryOutOptions } from '../dlq/plan/carry-out.js';
import { type DiscardOptions, type DiscardResult, discardDeadLetters, planDiscard } from '../dlq/discard.js';
import { type DeadLetterGroups, groupDeadLetters, type Grouping } from '../dlq/group.js';
import {
  type DeadLetterList,
  type DeadLetterPage,
  listDeadLetters,
  type ListOptions,
  readDeadLetters,
} from '../dlq/list.js';
import type { LetterPlan, LetterSelection } from '../dlq/plan/plan-letters.js';
import {
  planReplay,
  type ReplayPlan,
  type ReplaySelection,
  type ReplayTerms,
} from '../dlq/replay/plan-replay.js';
import type { ReplayResult } from '../dlq/replay/result.js';
import { checkedReplay, replayAsTask, type ReplayAsTaskOptions } from '../dlq/replay/replay-as-task.js';
import { openReplay } from '../dlq/replay/replay-task.js';
import { runTask, runTaskChecks, type RunTaskOptions } from '../dlq/replay/run-task.js';
import type { DeadLetterFilters } from '../dlq/filters.js';
import type { DeadLetterItem } from '../dlq/item.js';
import { type ExportedLetter, exportDeadLetters, type ExportOptions } from '../dlq/out/export.js';
import { watchDeadLetters, type WatchOptions } from '../dlq/out/watch.js';
import { type DeadLetterDetails, showDeadLetter } from '../dlq/show.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type DeadLetterReport, reportDeadLetters, type ReportOptions } from '../report/make-report.js';

/** The dead letters of a pipeline, as `plutomi-events dlq` has them. */
export class DeadLetters {
  constructor(private readonly pipeline: Pipeline) {}

  /** The oldest dead letters that match, at most `limit` (default 100), and how many match in all. */
  list(filters: DeadLetterFilters = {}, limit?: number): Promise<DeadLetterList> {
    return listDeadLetters(this.pipeline, filters, limit);
  }

  /** The same page by page, the oldest first, with bounded memory whatever their number. */
  read(filters: DeadLetterFilters = {}, options: ListOptions = {}): AsyncIterable<DeadLetterPage> {
    return readDeadLetters(this.pipeline, filters, options);
  }

  /** Those that match, with their events where that is asked for: see `exportDeadLetters`. */
  export(
    filters: DeadLetterFilters = {},
    options: ExportOptions = {},
  ): AsyncIterable<readonly ExportedLetter[]> {
    return exportDeadLetters(this.pipeline, filters, options);
  }

  /** Each dead letter that matches, as it comes to the DLQ: see `watchDeadLetters`. */
  watch(filters: DeadLetterFilters = {}, options: WatchOptions = {}): AsyncIterable<DeadLetterItem> {
    return watchDeadLetters(this.pipeline, filters, options);
  }

  /** Counts those that match, the largest group first. Default: by reason, all groups. */
  groups(
    filters: DeadLetterFilters = {},
    by: Grouping = 'reason',
    limit?: number,
  ): Promise<DeadLetterGroups> {
    return groupDeadLetters(this.pipeline, filters, by, limit);
  }

  /** One dead letter, with its event and all that is recorded about it. @throws OperationError `NOT_FOUND` */
  show(id: string): Promise<DeadLetterDetails> {
    return showDeadLetter(this.pipeline, id);
  }

  /** What replaying these would do. Writes nothing. @throws OperationError `NOT_FOUND` for the only id that was given */
  plan(selection: ReplaySelection, terms: ReplayTerms = {}): Promise<ReplayPlan> {
    return planReplay(this.pipeline, selection, terms);
  }

  /**
   * Replays dead letters as a task: those of the plan, or those that the selection finds. Safe to interrupt; `carryOn`
   * takes it up again.
   */
  async replay(
    these: ReplayPlan | ReplaySelection,
    options: ReplayAsTaskOptions = {},
  ): Promise<ReplayResult> {
    const { ifSuperseded } = checkedReplay(options).terms;
    const plan = isPlan(these) ? these : await this.plan(these, { ifSuperseded });
    return replayAsTask(this.pipeline, plan, options);
  }

  /** Carries on with a replay that was planned before, here or elsewhere; by the id or name of its task. */
  async carryOn(task: string, options: RunTaskOptions = {}): Promise<ReplayResult> {
    checkOptions(runTaskChecks, options);
    return runTask(this.pipeline, await openReplay(this.pipeline, task), options);
  }

  /** What discarding these would do. Writes nothing. @throws OperationError `NOT_FOUND` for the only id that was given */
  planDiscard(selection: LetterSelection): Promise<LetterPlan> {
    return planDiscard(this.pipeline, selection);
  }

  /** Discards dead letters: their events are not delivered again. Safe to interrupt and to run again. */
  async discard(these: LetterPlan | LetterSelection, options: DiscardOptions): Promise<DiscardResult> {
    requireOptions(carryOutChecks, options, ['note']);
    const plan = isPlan(these) ? these : await this.planDiscard(these);
    return discardDeadLetters(this.pipeline, plan, options);
  }

  /** What archiving these would do. Writes nothing. @throws OperationError `NOT_FOUND` for the only id that was given */
  planArchive(selection: LetterSelection): Promise<LetterPlan> {
    return planArchive(this.pipeline, selection);
  }

  /** Archives dead letters: they leave the DLQ and are kept. Safe to interrupt and to run again. */
  async archive(these: LetterPlan | LetterSelection, options: ArchiveOptions): Promise<ArchiveResult> {
    requireOptions(carryOutChecks, options, ['note']);
    const plan = isPlan(these) ? these : await this.planArchive(these);
    return archiveDeadLetters(this.pipeline, plan, options);
  }

  /** What restoring these archived ones would do. Writes nothing. @throws OperationError `NOT_FOUND` for the only id that was given */
  planRestore(selection: LetterSelection): Promise<LetterPlan> {
    return planRestore(this.pipeline, selection);
  }

  /** Puts archived dead letters back into the DLQ as they were. Safe to interrupt and to run again. */
  async restore(these: LetterPlan | LetterSelection, options: CarryOutOptions = {}): Promise<RestoreResult> {
    checkOptions(carryOutChecks, options);
    const plan = isPlan(these) ? these : await this.planRestore(these);
    return restoreDeadLetters(this.pipeline, plan, options);
  }

  /** What died, what people did about it, and what came of it: since a time, or by one task. */
  report(options: ReportOptions): Promise<DeadLetterReport> {
    return reportDeadLetters(this.pipeline, options);
  }
}

/** @throws UsageError for what is neither a plan nor a selection */
function isPlan<P extends { readonly items: unknown }>(these: P | object): these is P {
  refuseNoObject('selection', these ?? null);
  return 'items' in these;
}
