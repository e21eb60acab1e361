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
import { chooseSelection, selectionOf } from '../../lib/cli/flags/replay-selection.js';
import { spellSkipped } from '../../lib/cli/output/spell-skipped.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { planReplay, type ReplayPlan } from '../../lib/dlq/replay/plan-replay.js';
import { exitCodeOf, type ReplayResult, untouched } from '../../lib/dlq/replay/result.js';
import { runReplay } from '../../lib/dlq/replay/run-replay.js';
import { OperationError } from '../../lib/errors.js';
import { renderReplayPlan, renderReplayResult, renderSkipped } from '../../lib/render/replay-plan.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq replay --json` prints. */
export type DlqReplayResult = ReplayResult;

const defaultWaitMs = 600_000;
/** Per second: slow enough to see that something goes wrong, and to stop it. In scripts too: they do what a trial run did. */
const defaultRate = 500;

const discardOthers = suggestCommand('dlq discard', {
  args: [{ blank: 'ids' }],
  flags: { reason: { blank: 'text' } },
  why: "discard what can't be replayed",
});
const seeWhatComes = suggestCommand('advisories tail', {
  flags: { since: '1m' },
  why: 'see what becomes of them',
});

export default class DlqReplay extends BaseCommand<typeof DlqReplay> {
  static override summary = 'Replay dead letters: their consumer gets the event again, at once.';
  static override description =
    `Takes ids, or the words and filters of dlq list, or --all; without any of these, on a terminal, you choose from a list. Shows the plan, then asks; without a terminal --yes is needed.

Only the consumer that failed sees the event again, with the attempts of its retry stage. Who replayed, when and why (--note) is journaled. At most ${defaultRate} per second are replayed; --rate changes that. It can be interrupted at any point and run again. Skipped, each with a reason: originals that are gone, events that were resolved late, consumers that the config no longer has.

${aboutSelections}

Exit codes: 0 all were replayed, or nothing matched; 1 the id is unknown, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were skipped, or with --wait are dead again or still pending; 130 interrupted: says what was done by then.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> notifications-consumer/42 --wait',
    "<%= config.bin %> <%= command.id %> --reason 'connection refused' --since 2h --dry-run",
    "<%= config.bin %> <%= command.id %> --all --yes --note 'SMTP is back, INC-4711'",
    "<%= config.bin %> <%= command.id %> group:3f9a1c 'age:<2h' -kind:timeout --dry-run",
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
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing' }),
    wait: Flags.boolean({ description: 'wait until each is resolved or dead again' }),
    'wait-timeout': durationFlag({
      description: 'how long --wait waits at most',
      helpValue: '<duration>',
      dependsOn: ['wait'],
      defaultHelp: async () => '10m',
    }),
    rate: rateFlag({
      description: 'maximum number of dead letters per second; 0: no limit',
      defaultHelp: async () => `${defaultRate}/s`,
    }),
    note: Flags.string({ description: 'why; kept in the journal', helpValue: '<text>' }),
    ...consentFlags,
  };

  private stop: AbortController | undefined;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun, wait } = this.flags;
    const given = selectionOf(this.words, this.flags, this.interactive);
    const pipeline = await this.context.pipeline();
    const noteView = viewOf(process.stderr, this.noteColors);
    const selection = given ?? (await chooseSelection(pipeline, noteView));
    const plan = await planReplay(pipeline, selection);
    if (plan.items.length + plan.skipped.length === 0) {
      this.output(untouched(plan, { dryRun }), () => '');
      this.note('no dead letters to replay');
      return;
    }
    if (dryRun) {
      const view = viewOf(process.stdout, this.colors);
      const shown = spellSkipped(plan, this.context.caller);
      this.output(untouched(shown, { dryRun }), () => renderReplayPlan(shown, view, this.rate));
      return;
    }
    this.note(renderReplayPlan(spellSkipped(plan, this.context.caller), noteView, this.rate));
    await this.agree(plan);
    const result = plan.items.length === 0 ? untouched(plan, { dryRun }) : await this.replay(pipeline, plan);
    this.output(spellSkipped(result, this.context.caller), () =>
      renderReplayResult(result, wait, this.colors),
    );
    this.suggest(result, plan);
    process.exitCode = exitCodeOf(result, wait);
  }

  /** Most per second; undefined: no limit. */
  private get rate(): number | undefined {
    return (this.flags.rate ?? defaultRate) || undefined;
  }

  private async agree({ items, server }: ReplayPlan): Promise<void> {
    if (items.length === 0) return;
    const what = items.length === 1 ? 'this dead letter' : `these ${items.length} dead letters`;
    if (await this.confirm(`Replay ${what} on ${server}?`)) return;
    throw new OperationError('nothing was replayed: the answer was no', { code: 'DECLINED' });
  }

  private async replay(pipeline: Pipeline, plan: ReplayPlan): Promise<ReplayResult> {
    const { rate } = this;
    const { note, wait, 'wait-timeout': waitMs = defaultWaitMs } = this.flags;
    this.stop = new AbortController();
    const task = `replay-${pipeline.clock.uuid()}`;
    const log = await this.context.logger();
    const progress = new ProgressLine(process.stderr, plan.items.length);
    const running = runReplay(pipeline, plan, {
      task,
      ...(note === undefined ? {} : { note }),
      signal: this.stop.signal,
      // The result says how many, and the journal keeps which and who did it.
      onReplayed: (id) => log.debug({ id, task }, 'replayed'),
      onDone: progress.count,
      ...(rate === undefined ? {} : { rate }),
      ...(wait ? { waitMs } : {}),
      onWait: (count) => {
        progress.end();
        this.note(`replayed ${count}; waiting for their outcome (Ctrl-C only stops the waiting)`);
      },
    });
    return running.finally(() => progress.end());
  }

  private suggest({ skipped, replayed, deadAgain }: ReplayResult, plan: ReplayPlan): void {
    if (this.flags.json) return;
    const late = skipped.filter((one) => !plan.skipped.includes(one));
    const spelled = spellSkipped({ skipped: late }, this.context.caller).skipped;
    for (const line of renderSkipped(spelled, this.noteColors)) this.note(line);
    if (plan.missing + plan.replaced > 0) this.note(this.inWords(discardOthers));
    if (deadAgain > 0) this.note(this.inWords(suggestCommand('dlq list', { why: 'see why' })));
    else if (replayed > 0 && !this.flags.wait) this.note(this.inWords(seeWhatComes));
  }

  /** Stops between two dead letters, so that the result can say what was done; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.note('stopping: finishing what has been started');
    this.stop.abort();
  }
}
