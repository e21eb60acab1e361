import { connectionNotes, stoppingNote } from './notes/while-it-works.js';
import type { Command } from '@oclif/core/command';
import type { CarryOutOptions } from '../dlq/plan/carry-out.js';
import type { LetterPlan, LetterSelection } from '../dlq/plan/plan-letters.js';
import { InterruptedError, OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import {
  type LetterResult,
  renderLetterPlan,
  renderLetterResult,
  renderSkipped,
} from '../render/replay-plan.js';
import { BaseCommand } from './base-command.js';
import { chooseSelection } from './choose-letters.js';
import type { Verb } from './flags/replay-selection.js';
import { ProgressLine } from './output/progress-line.js';
import { spellSkipped } from './output/spell-skipped.js';
import { viewOf } from './output/view.js';

/** What a command does to dead letters. */
export interface LetterAction<R extends LetterResult> {
  readonly verb: Verb;
  /** What they are: `dead letters`. */
  readonly noun: readonly [one: string, many: string];
  readonly plan: (pipeline: Pipeline, selection: LetterSelection) => Promise<LetterPlan>;
  /** Nothing was done: a dry run, or nothing was selected. */
  readonly undone: (plan: LetterPlan, options: { readonly dryRun: boolean }) => R;
  readonly carryOut: (pipeline: Pipeline, plan: LetterPlan, options: CarryOutOptions) => Promise<R>;
  readonly done: (result: R) => number;
  /** `what`: `these 3 dead letters`. */
  readonly question: (what: string, server: string) => string;
}

interface HowToAct {
  readonly dryRun: boolean;
  /** A person chooses among archived ones. */
  readonly archived?: boolean;
}

/** Discard, archive, restore: plan, question, and carrying out until Ctrl-C. */
export abstract class LetterCommand<T extends typeof Command> extends BaseCommand<T> {
  private stop: AbortController | undefined;
  private progress: ProgressLine | undefined;

  /** `selection` undefined: a person has to choose. */
  protected async act<R extends LetterResult>(
    action: LetterAction<R>,
    given: LetterSelection | undefined,
    { dryRun, archived }: HowToAct,
  ): Promise<void> {
    const { verb, noun, undone } = action;
    const { caller } = this.context;
    const pipeline = await this.context.pipeline();
    const noteView = viewOf(process.stderr, this.noteColors);
    const selection = given ?? (await chooseSelection(pipeline, noteView, verb, archived));
    const plan = await action.plan(pipeline, selection);
    if (plan.items.length + plan.skipped.length === 0) {
      this.output(undone(plan, { dryRun }), () => '');
      this.note(`no ${noun[1]} to ${verb.name}`);
      return;
    }
    const shown = spellSkipped(plan, caller);
    if (dryRun) {
      const view = viewOf(process.stdout, this.colors);
      this.output(undone(shown, { dryRun }), () => renderLetterPlan(verb.name, shown, view));
      return;
    }
    this.note(renderLetterPlan(verb.name, shown, noteView));
    if (plan.items.length > 0) await this.agree(action, plan);
    const result =
      plan.items.length === 0 ? undone(plan, { dryRun }) : await this.carryOut(action, pipeline, plan);
    const told = [action.done(result), verb.done] as const;
    this.output(spellSkipped(result, caller), () => renderLetterResult(result, told, this.colors));
    const late = result.skipped.filter((one) => !plan.skipped.includes(one));
    const spelled = spellSkipped({ skipped: late }, caller).skipped;
    if (this.flags.json !== true) for (const line of renderSkipped(spelled, noteView)) this.note(line);
    process.exitCode = result.interrupted ? 130 : result.skipped.length > 0 ? 5 : 0;
  }

  private async agree<R extends LetterResult>(
    { noun: [one, many], question, verb }: LetterAction<R>,
    { items, server }: LetterPlan,
  ): Promise<void> {
    const what = items.length === 1 ? `this ${one}` : `these ${items.length} ${many}`;
    if (await this.confirm(question(what, server))) return;
    throw new OperationError(`nothing was ${verb.done}: the answer was no`, { code: 'DECLINED' });
  }

  private carryOut<R extends LetterResult>(
    action: LetterAction<R>,
    pipeline: Pipeline,
    plan: LetterPlan,
  ): Promise<R> {
    this.stop = new AbortController();
    const progress = new ProgressLine(process.stderr, plan.items.length);
    this.progress = progress;
    pipeline.link.watch(connectionNotes((text) => this.between(text)));
    const { signal } = this.stop;
    return action.carryOut(pipeline, plan, { signal, onDone: progress.count }).finally(() => progress.end());
  }

  /** Progress is shown below it. */
  private between(text: string): void {
    this.progress?.clear();
    this.note(text);
  }

  /** Stops between two dead letters, so that the result can say what was done; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.between(stoppingNote);
    this.stop.abort();
  }

  protected override interruption(): InterruptedError {
    return this.stop
      ? new InterruptedError('interrupted: what was done is done; the same command does the rest')
      : super.interruption();
  }
}
