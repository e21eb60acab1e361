import * as Flags from '@oclif/core/flags';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  archivedFlag,
  deadLetterFlags,
  idsOrSelectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { selectionOf } from '../../lib/cli/flags/replay-selection.js';
import { type LetterAction, LetterCommand } from '../../lib/cli/letter-command.js';
import { discardDeadLetters, type DiscardResult, planDiscard, undiscarded } from '../../lib/dlq/discard.js';
import { UsageError } from '../../lib/errors.js';

/** What `dlq discard --json` prints. */
export type DlqDiscardResult = DiscardResult;

const action: Omit<LetterAction<DiscardResult>, 'carryOut'> = {
  verb: { name: 'discard', done: 'discarded' },
  noun: ['dead letter', 'dead letters'],
  plan: planDiscard,
  undone: undiscarded,
  done: ({ discarded }) => discarded,
  question: (what, server) => `Permanently discard ${what} on ${server}?`,
};
const { reason: diedOf, ...filters } = deadLetterFlags;

export default class DlqDiscard extends LetterCommand<typeof DlqDiscard> {
  static override summary =
    'Discard dead letters: they leave the DLQ, and their events are not delivered again.';
  static override description =
    `For what can't be replayed: originals that are gone, events that were resolved late or by hand, consumers that the config no longer has, messages that are not dead letters. Takes ids, or the words and filters of dlq list (--died-of in place of --reason), or --all; without any of these, on a terminal, you choose from a list: groups first, where there are many. Those that are archived are discarded with --archived, or the term status:archived. Shows the plan, then asks; without a terminal --yes is needed.

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
    archived: archivedFlag,
    all: Flags.boolean({ description: 'every dead letter; with --archived, every archived one' }),
    reason: Flags.string({
      description: 'why they are discarded; kept in the journal',
      helpValue: '<text>',
      required: true,
    }),
    'dry-run': Flags.boolean({ description: 'show the plan, change nothing' }),
    ...consentFlags,
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { reason, 'dry-run': dryRun, 'died-of': died, ...flags } = this.flags;
    if (reason.trim() === '')
      throw new UsageError('--reason: expected why they are discarded, found an empty text');
    const which = { ...flags, reason: died };
    const selection = selectionOf(this.words, which, this.canChoose, action.verb);
    await this.act(
      {
        ...action,
        carryOut: (pipeline, plan, options) =>
          discardDeadLetters(pipeline, plan, { ...options, note: reason }),
      },
      selection,
      { dryRun, archived: flags.archived },
    );
  }
}
