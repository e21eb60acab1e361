import { connectionNotes, stoppingNote } from '../../lib/cli/notes/while-it-works.js';
import path from 'node:path';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { editInEditor } from '../../lib/cli/editor.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import {
  aboutSelections,
  deadLetterFlags,
  idsOrSelectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { durationFlag, fileFlag } from '../../lib/cli/flags/global-flags.js';
import { supersededFlags } from '../../lib/cli/flags/task-flags.js';
import { selectionOf } from '../../lib/cli/flags/replay-selection.js';
import { changeBy, type Transform } from '../../lib/dlq/edit/changes.js';
import type { Change } from '../../lib/dlq/edit/decide-edit.js';
import {
  editDeadLetters,
  type EditPlan,
  type EditResult,
  exitCodeOfEdit,
  planEdit,
  unedited,
} from '../../lib/dlq/edit/edit.js';
import { viewOf } from '../../lib/cli/output/view.js';
import type { LetterSelection } from '../../lib/dlq/plan/plan-letters.js';
import { type Edits, parsePath, parseSetting } from '../../lib/domain/edit.js';
import { InterruptedError, OperationError, UsageError } from '../../lib/errors.js';
import { loadHandlers } from '../../lib/handlers/load.js';
import { renderEditPlan, renderEditResult } from '../../lib/render/edit-plan.js';

/** What `dlq edit --json` prints. */
export type DlqEditResult = EditResult;

const defaultWaitMs = 600_000;
const { reason: diedOf, ...filters } = deadLetterFlags;

export default class DlqEdit extends BaseCommand<typeof DlqEdit> {
  static override summary = 'Edit the events of dead letters, and replay them as edited.';
  static override description =
    `With one id alone, on a terminal, data and headers open in $VISUAL or $EDITOR. Many are edited with --set, --unset and --transform. Takes ids, or the words and filters of dlq list (--died-of in place of --reason), or --all. Shows what differs, for the first ten, then asks; without a terminal --yes is needed. What would stay as it is, and what the schema of its event type refuses, is left in the DLQ.

The handler of the consumer gets the edited event, with event.edited; the original in its stream stays as it was. Who edited, when and why (--reason) is kept in the journal. A later replay of the same dead letter uses the edited event too. It can be interrupted at any point and run again.

${aboutSelections}

Exit codes: 0 all that differ were replayed, or nothing differs; 1 the id is unknown, what was edited can't be read, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were refused, or with --wait are dead again or still pending; 130 interrupted.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> notifications-consumer/42 --reason 'the street was missing, INC-4711'",
    '<%= config.bin %> <%= command.id %> group:3f9a1c --set data.country=DE --unset data.legacy --reason INC-4711 --dry-run',
    "<%= config.bin %> <%= command.id %> 'data.email:*@exampel.com' --transform ./fix.mjs --reason 'a typo' --yes --wait",
  ];

  static override args = idsOrSelectionArgs;

  static override flags = {
    ...filters,
    'died-of': diedOf,
    all: Flags.boolean({ description: 'every dead letter' }),
    set: Flags.string({
      description: 'put a value into the data or a header: JSON where it is JSON, else text; repeatable',
      helpValue: 'data.<path>=<value>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    unset: Flags.string({
      description: 'take a value out of the data, or a header; repeatable',
      helpValue: 'data.<path>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    transform: fileFlag({
      description:
        'module whose default export takes {consumer, subject, headers, data} and gives {data, headers}',
      helpValue: '<file>',
    }),
    reason: Flags.string({
      description: 'why they are edited; kept with them and in the journal',
      helpValue: '<text>',
      required: true,
    }),
    'dry-run': Flags.boolean({ description: 'show what would differ, change nothing' }),
    wait: Flags.boolean({ description: 'wait until each is resolved or dead again' }),
    'wait-timeout': durationFlag({
      description: 'how long --wait waits at most',
      helpValue: '<duration>',
      dependsOn: ['wait'],
      defaultHelp: async () => '10m',
    }),
    ...supersededFlags,
    ...consentFlags,
  };

  private stop: AbortController | undefined;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { reason, 'dry-run': dryRun, 'died-of': died, ...flags } = this.flags;
    if (reason.trim() === '')
      throw new UsageError('--reason: expected why they are edited, found an empty text');
    const edits = this.edits();
    const selection = selectionOf(this.words, { ...flags, reason: died }, false, {
      name: 'edit',
      done: 'edited',
    });
    if (selection === undefined) throw new UsageError('which dead letters?');
    const terms = { ifSuperseded: this.flags['if-superseded'] };
    const pipeline = await this.context.pipeline();
    const change = edits ? changeBy(edits, await this.transform()) : await this.changeByHand(selection);
    const plan = await planEdit(pipeline, selection, change, terms);
    if (dryRun || plan.items.length === 0) {
      this.output(unedited(plan), () => renderEditPlan(plan, viewOf(process.stdout, this.colors)));
      process.exitCode = dryRun ? 0 : exitCodeOfEdit(unedited(plan));
      return;
    }
    this.note(renderEditPlan(plan, viewOf(process.stderr, this.noteColors)));
    await this.agree(plan);
    const { wait, 'wait-timeout': waitMs = defaultWaitMs } = this.flags;
    this.stop = new AbortController();
    pipeline.link.watch(connectionNotes((text) => this.note(text)));
    const { signal } = this.stop;
    const options = { ...terms, note: reason, signal, ...(wait ? { waitMs } : {}) };
    const result = await editDeadLetters(pipeline, plan, change, options);
    this.output(result, () => renderEditResult(result));
    process.exitCode = signal.aborted ? 130 : exitCodeOfEdit(result);
  }

  /** Undefined: a person edits. */
  private edits(): Edits | undefined {
    const { set = [], unset = [], transform } = this.flags;
    if (set.length + unset.length === 0 && transform === undefined) return undefined;
    const wrong = (flag: string, text: string, form: string): UsageError =>
      new UsageError(`${flag}: expected ${form}, found "${text}"`);
    return {
      set: set.map((text) => {
        const setting = parseSetting(text);
        if (!setting) throw wrong('--set', text, 'data.<path>=<value> or header.<name>=<value>');
        return setting;
      }),
      unset: unset.map((text) => {
        const found = parsePath(text);
        if (!found) throw wrong('--unset', text, 'data.<path> or header.<name>');
        return found;
      }),
    };
  }

  private async transform(): Promise<Transform | undefined> {
    const { transform } = this.flags;
    if (transform === undefined) return undefined;
    const file = path.resolve(this.context.environment.cwd, transform);
    const loaded = await loadHandlers([{ path: '--transform', file }], this.context.moduleOptions);
    return loaded.get(file) as Transform | undefined;
  }

  private async changeByHand(selection: LetterSelection): Promise<Change> {
    if (!('ids' in selection) || selection.ids.length !== 1)
      throw new UsageError('an editor opens one dead letter: give one id, or --set, --unset or --transform');
    if (!this.interactive)
      throw new UsageError('there is no terminal to edit on: give --set, --unset or --transform');
    const [id = ''] = selection.ids;
    let edited: Awaited<ReturnType<Change>> | undefined;
    // The editor opens once, for what is there when it opens.
    const open: Change = async (event) => {
      const made = await editInEditor(event, `The event of ${id}.`, this.context.environment.editor);
      return { ok: true, value: made ?? event };
    };
    return async (event, about) => (edited ??= await open(event, about));
  }

  private async agree({ items, server }: EditPlan): Promise<void> {
    const what = items.length === 1 ? 'this dead letter' : `these ${items.length} dead letters`;
    if (await this.confirm(`Replay ${what} as edited on ${server}?`)) return;
    throw new OperationError('nothing was edited: the answer was no', { code: 'DECLINED' });
  }

  /** Stops between two dead letters; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.note(stoppingNote);
    this.stop.abort();
  }

  protected override interruption(): InterruptedError {
    return this.stop
      ? new InterruptedError('interrupted: what was done is done; the same command does the rest')
      : super.interruption();
  }
}
