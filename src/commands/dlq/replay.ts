import { replayInterruption } from '../../lib/cli/notes/replay-notes.js';
import { connectionNotes, stoppingNote } from '../../lib/cli/notes/while-it-works.js';
import type { Task } from '../../lib/domain/task.js';
import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  idsOrSelectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { ProgressLine } from '../../lib/cli/output/progress-line.js';
import { rateFlag } from '../../lib/cli/flags/rate-flag.js';
import { selectionOf } from '../../lib/cli/flags/replay-selection.js';
import { chooseSelection } from '../../lib/cli/choose-letters.js';
import { refuseBesideTask, supersededFlags, taskFlags, termsOf } from '../../lib/cli/flags/task-flags.js';
import { spellSkipped } from '../../lib/cli/output/spell-skipped.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { selectionOfFilters } from '../../lib/dlq/filters.js';
import { nextSteps } from '../../lib/dlq/replay/next-steps.js';
import { findObstacles, planReplay, type ReplayPlan } from '../../lib/dlq/replay/plan-replay.js';
import { openReplay, planOf, storeReplay } from '../../lib/dlq/replay/replay-task.js';
import { exitCodeOf, plannedOf, type ReplayResult, untouched } from '../../lib/dlq/replay/result.js';
import { replayAsTask } from '../../lib/dlq/replay/replay-as-task.js';
import { alwaysWaits, defaultWaitMs, runTask, type RunTaskOptions } from '../../lib/dlq/replay/run-task.js';
import type { Term } from '../../lib/domain/selection/selection.js';
import { type InterruptedError, OperationError, UsageError } from '../../lib/errors.js';
import {
  type PlanTerms,
  renderReplayPlan,
  renderReplayResult,
  renderSkipped,
} from '../../lib/render/replay-plan.js';
import { renderPlanned, renderTaskName, renderWithoutTask } from '../../lib/render/tasks.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq replay --json` prints. */
export type DlqReplayResult = ReplayResult;

/** Per second: slow enough to see that something goes wrong, and to stop it. In scripts too: they do what a trial run did. */
const defaultRate = 500;

export default class DlqReplay extends BaseCommand<typeof DlqReplay> {
  static override summary = 'Replay dead letters: their consumer gets the event again, at once.';
  static override description =
    `Takes ids, or the words and filters of dlq list, or --all; without any of these, on a terminal, you choose from a list: groups first, where there are many. Shows the plan, then asks; without a terminal --yes is needed.

Only the consumer that failed sees the event again, with the attempts of its retry stage. Who replayed, when and why (--note) is journaled. At most ${defaultRate} per second are replayed; --rate changes that. Skipped, each with a reason: originals that are gone, events that were resolved late, consumers that the config no longer has, and events of which the consumer has processed a newer one, where the config says that their subject names one thing (latestOnly; --if-superseded replay).

Each replay is a task: the very dead letters that were found are stored before the first is replayed, so it can be interrupted at any point and carried on with --task, by anybody who may, also on several machines at once. tasks list, show, watch and cancel are about these.

${aboutSelections}

Exit codes: 0 all were replayed, or nothing matched; 1 the id is unknown, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were skipped, it was stopped or cancelled, or with --wait some are dead again or still pending; 130 interrupted: says what was done by then.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> notifications-consumer/42 --wait',
    "<%= config.bin %> <%= command.id %> --reason 'connection refused' --since 2h --dry-run",
    "<%= config.bin %> <%= command.id %> --all --yes --note 'SMTP is back, INC-4711'",
    "<%= config.bin %> <%= command.id %> group:3f9a1c 'age:<2h' -kind:timeout --dry-run",
    "<%= config.bin %> <%= command.id %> group:3f9a1c --name INC-4711 --canary 1,10,10%,rest --stop-on 'failed>5%'",
    '<%= config.bin %> <%= command.id %> --task INC-4711',
  ];

  static override args = idsOrSelectionArgs;

  static override flags = {
    ...deadLetterFlags,
    limit: countFlag({
      char: 'L',
      description: 'only the oldest of those that match',
      defaultHelp: async () => 'all',
    }),
    all: Flags.boolean({ description: 'every dead letter' }),
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing', exclusive: ['plan'] }),
    wait: Flags.boolean({ description: 'wait until each is resolved or dead again' }),
    'wait-timeout': durationFlag({
      description: 'how long to wait at most, for each step of a canary',
      helpValue: '<duration>',
      defaultHelp: async () => '10m',
    }),
    rate: rateFlag({
      description: 'maximum number of dead letters per second; 0: no limit',
      defaultHelp: async () => `${defaultRate}/s`,
    }),
    note: Flags.string({ description: 'why; kept in the journal', helpValue: '<text>' }),
    ...taskFlags,
    ...supersededFlags,
    ...consentFlags,
  };

  private stop: AbortController | undefined;
  private selected: readonly Term[] = [];
  private progress: ProgressLine | undefined;
  private task: string | undefined;
  private replayed = 0;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { task, 'dry-run': dryRun, plan: planOnly } = this.flags;
    this.checkWaiting();
    if (task !== undefined) {
      refuseBesideTask(this.flags, this.words);
      return this.carryOn(task);
    }
    const given = selectionOf(this.words, this.flags, this.canChoose);
    const pipeline = await this.context.pipeline();
    const noteView = viewOf(process.stderr, this.noteColors);
    const selection = given ?? (await chooseSelection(pipeline, noteView));
    if ('filters' in selection) this.selected = selectionOfFilters(selection.filters).terms;
    const plan = await planReplay(pipeline, selection, { ifSuperseded: this.flags['if-superseded'] });
    if (plan.items.length + plan.skipped.length === 0) {
      this.output(planOnly ? plannedOf(plan, undefined) : untouched(plan, { dryRun }), () => '');
      this.note('no dead letters to replay');
      return;
    }
    if (dryRun) {
      const view = viewOf(process.stdout, this.colors);
      const shown = spellSkipped(plan, this.context.caller);
      this.output(untouched(shown, { dryRun }), () => renderReplayPlan(shown, view, this.rate, this.terms));
      return;
    }
    const spelled = spellSkipped(plan, this.context.caller);
    this.note(renderReplayPlan(spelled, noteView, this.rate, this.terms));
    if (planOnly) return this.store(pipeline, plan);
    await this.agree(plan);
    const result = await this.running(pipeline, plan.items.length, (options) =>
      replayAsTask(pipeline, plan, {
        ...termsOf(this.flags, this.rate),
        ...options,
        onStored: (task) => this.begins(task, this.flags.name),
        onWithoutTask: (why) => this.note(renderWithoutTask(why.message)),
      }),
    );
    this.tell(result, plan, this.waits);
  }

  /** Most per second; undefined: no limit. */
  private get rate(): number | undefined {
    return (this.flags.rate ?? defaultRate) || undefined;
  }

  private get waits(): boolean {
    const { wait, canary, 'stop-on': stopOn = [] } = this.flags;
    return wait || canary !== undefined || stopOn.length > 0;
  }

  private get terms(): PlanTerms {
    return { canary: this.flags.canary, stopOn: this.flags['stop-on'] };
  }

  private checkWaiting(): void {
    if (this.flags.plan && this.flags.wait) {
      throw new UsageError('--plan stores the plan and stops: give --wait when it is carried out');
    }
    if (this.flags['wait-timeout'] === undefined || this.waits || this.flags.task !== undefined) return;
    throw new UsageError(
      '--wait-timeout needs --wait, --canary or --stop-on: without them nothing is waited for',
    );
  }

  private async agree({ items, server }: ReplayPlan): Promise<void> {
    if (items.length === 0) return;
    const what = items.length === 1 ? 'this dead letter' : `these ${items.length} dead letters`;
    if (await this.confirm(`Replay ${what} on ${server}?`)) return;
    throw new OperationError('nothing was replayed: the answer was no', { code: 'DECLINED' });
  }

  private async store(pipeline: Pipeline, plan: ReplayPlan): Promise<void> {
    const terms = termsOf(this.flags, this.rate);
    if (plan.items.length > 0) await this.confirmProtected(`Store this plan on ${plan.server}?`);
    const stored = plan.items.length === 0 ? undefined : await storeReplay(pipeline, plan, terms);
    if (stored) this.note(renderTaskName(stored.task, this.flags.name));
    this.output(spellSkipped(plannedOf(plan, stored?.task), this.context.caller), () =>
      stored ? renderPlanned(stored.task) : '',
    );
    if (!stored || this.flags.json) return;
    const { id } = stored.task;
    this.note(this.inWords(suggestCommand('dlq replay', { flags: { task: id }, why: 'carry it out' })));
  }

  private begins(task: Task, wanted?: string): void {
    this.task = task.id;
    this.note(renderTaskName(task, wanted));
  }

  private async running(
    pipeline: Pipeline,
    count: number,
    run: (options: RunTaskOptions) => Promise<ReplayResult>,
  ): Promise<ReplayResult> {
    const { wait, 'wait-timeout': waitMs } = this.flags;
    this.stop = new AbortController();
    const log = await this.context.logger();
    const progress = new ProgressLine(process.stderr, count);
    this.progress = progress;
    pipeline.link.watch(connectionNotes((text) => this.between(text)));
    return run({
      signal: this.stop.signal,
      // The result says how many, and the journal keeps which and who did it.
      onReplayed: (id, task) => {
        this.replayed++;
        log.debug({ id, task }, 'replayed');
      },
      onDone: progress.count,
      ...(waitMs !== undefined || wait ? { waitMs: waitMs ?? defaultWaitMs } : {}),
      onWait: (waiting, step, of) => {
        if (step === of) progress.end();
        const which = of === 1 ? '' : `step ${step} of ${of}: `;
        this.between(`${which}waiting for the outcome of ${waiting} (Ctrl-C only stops the waiting)`);
      },
    }).finally(() => progress.end());
  }

  /** What was planned before, by whoever, is carried on. */
  private async carryOn(word: string): Promise<void> {
    const pipeline = await this.context.pipeline();
    const replay = await openReplay(pipeline, word);
    const { task, letters, progress } = replay;
    const left = letters.filter((_, at) => !progress.isDealt(at)).length;
    const plan = planOf(pipeline, replay);
    const shown = { ...plan, ...(await findObstacles(pipeline, plan.consumers)), skipped: [] };
    this.begins(task);
    const view = viewOf(process.stderr, this.noteColors);
    this.note(renderReplayPlan(shown, view, task.rate ?? undefined, { task, left }));
    if (left > 0) {
      const question = `Carry on with ${left} of these ${letters.length} dead letters on ${plan.server}?`;
      if (!(await this.confirm(question))) {
        throw new OperationError('nothing was replayed: the answer was no', { code: 'DECLINED' });
      }
    }
    const waits = this.flags.wait || this.flags['wait-timeout'] !== undefined || alwaysWaits(replay);
    const result = await this.running(pipeline, left, (options) => runTask(pipeline, replay, options));
    this.tell(result, plan, waits);
  }

  private tell(result: ReplayResult, plan: ReplayPlan, waited: boolean): void {
    this.output(spellSkipped(result, this.context.caller), () =>
      renderReplayResult(result, waited, this.colors),
    );
    this.suggest(result, plan, waited);
    process.exitCode = exitCodeOf(result, waited);
  }

  private suggest(result: ReplayResult, plan: ReplayPlan, waited: boolean): void {
    if (this.flags.json) return;
    const late = result.skipped.filter((one) => !plan.skipped.includes(one));
    const spelled = spellSkipped({ skipped: late }, this.context.caller).skipped;
    const view = viewOf(process.stderr, this.noteColors);
    for (const line of renderSkipped(spelled, view)) this.note(line);
    for (const next of nextSteps(result, plan, { waited, terms: this.selected }))
      this.note(this.inWords(next));
  }

  /** Stops between two dead letters, so that the result can say what was done; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.between(stoppingNote);
    this.stop.abort();
  }

  protected override interruption(): InterruptedError {
    if (!this.stop) return super.interruption();
    return replayInterruption(this.task, this.replayed);
  }

  /** Progress is shown below it. */
  private between(text: string): void {
    this.progress?.clear();
    this.note(text);
  }
}
