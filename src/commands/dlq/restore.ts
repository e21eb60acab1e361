import * as Flags from '@oclif/core/flags';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  idsOrSelectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { selectionOf } from '../../lib/cli/flags/replay-selection.js';
import { type LetterAction, LetterCommand } from '../../lib/cli/letter-command.js';
import {
  planRestore,
  restoreDeadLetters,
  type RestoreResult,
  unrestored,
} from '../../lib/dlq/archive/restore.js';
import { UsageError } from '../../lib/errors.js';

/** What `dlq restore --json` prints. */
export type DlqRestoreResult = RestoreResult;

const action: Omit<LetterAction<RestoreResult>, 'carryOut'> = {
  verb: { name: 'restore', done: 'restored', amongArchived: true },
  noun: ['archived dead letter', 'archived dead letters'],
  plan: planRestore,
  undone: unrestored,
  done: ({ restored }) => restored,
  question: (what, server) => `Put ${what} back into the DLQ on ${server}?`,
};
const { reason: diedOf, ...filters } = deadLetterFlags;

export default class DlqRestore extends LetterCommand<typeof DlqRestore> {
  static override summary = 'Restore archived dead letters: they are in the DLQ again as they were.';
  static override description =
    `Selects among archived dead letters, those that dlq list --archived shows: takes ids, or the words and filters of dlq list (--died-of in place of --reason), or --all; without any of these, on a terminal, you choose from a list: groups first, where there are many. Shows the plan, then asks; without a terminal --yes is needed.

Time of death, reason and cycle stay; they stand in the DLQ behind those that were there. Then they can be replayed, or archived again. Who restored, when and why (--reason) is journaled. It can be interrupted at any point and run again.

${aboutSelections}

Exit codes: 0 all were restored, or nothing matched; 1 the id is unknown, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were skipped; 130 interrupted: says what was done by then.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> notifications-consumer/42',
    "<%= config.bin %> <%= command.id %> consumer:notifications-consumer 'dead:>=2026-11-20' --reason 'the provider is back' --dry-run",
    '<%= config.bin %> <%= command.id %> --all --yes',
  ];

  static override args = idsOrSelectionArgs;

  static override flags = {
    ...filters,
    'died-of': diedOf,
    limit: countFlag({
      char: 'L',
      description: 'only the first of those that match: those that were archived first',
      defaultHelp: async () => 'all',
    }),
    all: Flags.boolean({ description: 'every archived dead letter' }),
    reason: Flags.string({
      description: 'why they are restored; kept in the journal',
      helpValue: '<text>',
      defaultHelp: async () => 'none',
    }),
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing' }),
    ...consentFlags,
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { reason, 'dry-run': dryRun, 'died-of': died, ...flags } = this.flags;
    if (reason?.trim() === '')
      throw new UsageError('--reason: expected why they are restored, found an empty text');
    const which = { ...flags, reason: died };
    const selection = selectionOf(this.words, which, this.canChoose, action.verb);
    const why = reason === undefined ? {} : { note: reason };
    await this.act(
      {
        ...action,
        carryOut: (pipeline, plan, options) => restoreDeadLetters(pipeline, plan, { ...options, ...why }),
      },
      selection,
      { dryRun },
    );
  }
}
