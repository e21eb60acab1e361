import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  idsOrSelectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { ProgressLine } from '../../lib/cli/output/progress-line.js';
import { chooseSelection, selectionOf, type Verb } from '../../lib/cli/flags/replay-selection.js';
import { spellSkipped } from '../../lib/cli/output/spell-skipped.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { discardDeadLetters, type DiscardResult, planDiscard, undiscarded } from '../../lib/dlq/discard.js';
import type { LetterPlan } from '../../lib/dlq/plan/plan-letters.js';
import { OperationError, UsageError } from '../../lib/errors.js';
import { renderDiscardPlan, renderDiscardResult, renderSkipped } from '../../lib/render/replay-plan.js';

/** What `dlq discard --json` prints. */
export type DlqDiscardResult = DiscardResult;

const verb: Verb = { name: 'discard', done: 'discarded' };
const { reason: diedOf, ...filters } = deadLetterFlags;

export default class DlqDiscard extends BaseCommand<typeof DlqDiscard> {
  static override summary =
    'Discard dead letters: they leave the DLQ, and their events are not delivered again.';
  static override description =
    `For what can't be replayed: originals that are gone, events that were resolved late or by hand, consumers that the config no longer has, messages that are not dead letters. Takes ids, or the words and filters of dlq list (--died-of in place of --reason), or --all; without any of these, on a terminal, you choose from a list. Shows the plan, then asks; without a terminal --yes is needed.

Who discarded, when and why (--reason) is journaled before the dead letter is deleted. It can be interrupted at any point and run again. The event itself is not deleted. Dead letters whose replay was interrupted are skipped, since their event is on its way.

${aboutSelections}

Exit codes: 0 all were discarded, or nothing matched; 1 the id is unknown, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were skipped; 130 interrupted: says what was done by then.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> notifications-consumer/42 --reason 'sent by hand, INC-4711'",
    "<%= config.bin %> <%= command.id %> --consumer old-mailer --reason 'its consumer is gone' --dry-run",
    "<%= config.bin %> <%= command.id %> --died-of 'no such user' --since 2d --reason 'test accounts' --yes",
    "<%= config.bin %> <%= command.id %> type:user.created 'data.email:*@example.com' --reason 'test accounts' --dry-run",
  ];

  static override args = idsOrSelectionArgs;

  static override flags = {
    ...filters,
    'died-of': diedOf,
    limit: countFlag({
      char: 'L',
      description: 'only the oldest of those that match',
      defaultHelp: async () => 'all',
    }),
    all: Flags.boolean({ description: 'every dead letter' }),
    reason: Flags.string({
      description: 'why they are discarded; kept in the journal',
      helpValue: '<text>',
      required: true,
    }),
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing' }),
    yes: Flags.boolean({ char: 'y', description: "don't ask; required without a terminal" }),
  };

  private stop: AbortController | undefined;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { reason, 'dry-run': dryRun, 'died-of': died, ...flags } = this.flags;
    if (reason.trim() === '')
      throw new UsageError('--reason: expected why they are discarded, found an empty text');
    const which = { ...flags, reason: died };
    const given = selectionOf(this.words, which, this.interactive, verb);
    const pipeline = await this.context.pipeline();
    const noteView = viewOf(process.stderr, this.noteColors);
    const selection = given ?? (await chooseSelection(pipeline, noteView, verb));
    const plan = await planDiscard(pipeline, selection);
    if (plan.items.length + plan.skipped.length === 0) {
      this.output(undiscarded(plan, { dryRun }), () => '');
      this.note('no dead letters to discard');
      return;
    }
    if (dryRun) {
      const view = viewOf(process.stdout, this.colors);
      const shown = spellSkipped(plan, this.context.caller);
      this.output(undiscarded(shown, { dryRun }), () => renderDiscardPlan(shown, view));
      return;
    }
    this.note(renderDiscardPlan(spellSkipped(plan, this.context.caller), noteView));
    await this.agree(plan);
    const result =
      plan.items.length === 0 ? undiscarded(plan, { dryRun }) : await this.discard(pipeline, plan, reason);
    this.output(spellSkipped(result, this.context.caller), () => renderDiscardResult(result, this.colors));
    const late = result.skipped.filter((one) => !plan.skipped.includes(one));
    const spelled = spellSkipped({ skipped: late }, this.context.caller).skipped;
    if (!this.flags.json) for (const line of renderSkipped(spelled, this.noteColors)) this.note(line);
    process.exitCode = result.interrupted ? 130 : result.skipped.length > 0 ? 5 : 0;
  }

  private async agree({ items, server }: LetterPlan): Promise<void> {
    if (items.length === 0 || this.flags.yes) return;
    const what = items.length === 1 ? 'this dead letter' : `these ${items.length} dead letters`;
    if (await this.confirm(`Permanently discard ${what} on ${server}?`)) return;
    throw new OperationError('nothing was discarded: the answer was no', { code: 'DECLINED' });
  }

  private discard(pipeline: Pipeline, plan: LetterPlan, note: string): Promise<DiscardResult> {
    this.stop = new AbortController();
    const progress = new ProgressLine(process.stderr, plan.items.length);
    const { signal } = this.stop;
    return discardDeadLetters(pipeline, plan, { note, signal, onDone: progress.count }).finally(() =>
      progress.end(),
    );
  }

  /** Stops between two dead letters, so that the result can say what was done; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.note('stopping: finishing what has been started');
    this.stop.abort();
  }
}
