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
  archiveDeadLetters,
  type ArchiveResult,
  planArchive,
  unarchived,
} from '../../lib/dlq/archive/archive.js';
import { UsageError } from '../../lib/errors.js';

/** What `dlq archive --json` prints. */
export type DlqArchiveResult = ArchiveResult;

const action: Omit<LetterAction<ArchiveResult>, 'carryOut'> = {
  verb: { name: 'archive', done: 'archived' },
  noun: ['dead letter', 'dead letters'],
  plan: planArchive,
  undone: unarchived,
  done: ({ archived }) => archived,
  question: (what, server) => `Archive ${what} on ${server}?`,
};
const { reason: diedOf, ...filters } = deadLetterFlags;

export default class DlqArchive extends LetterCommand<typeof DlqArchive> {
  static override summary =
    'Archive dead letters: they leave the DLQ, and are kept until they are restored or discarded.';
  static override description =
    `For what nobody can end now, and nobody wants to lose. Takes ids, or the words and filters of dlq list (--died-of in place of --reason), or --all; without any of these, on a terminal, you choose from a list: groups first, where there are many. Shows the plan, then asks; without a terminal --yes is needed.

What is archived is shown by dlq list --archived, and is neither replayed nor counted as dead. dlq restore puts it back into the DLQ as it was; dlq discard --archived ends it. Only what names the event and says why it died is kept: the event itself leaves its stream when it expires there.

Who archived, when and why (--reason) is kept with each dead letter and in the journal. It can be interrupted at any point and run again.

${aboutSelections}

Exit codes: 0 all were archived, or nothing matched; 1 the id is unknown, answered no, or failed; 2 usage, config, or --yes is missing; 4 can't connect or not allowed; 5 some were skipped; 130 interrupted: says what was done by then.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %> notifications-consumer/42 --reason 'until the provider answers, INC-4711'",
    "<%= config.bin %> <%= command.id %> group:3f9a1c --reason 'addresses that do not exist' --dry-run",
    "<%= config.bin %> <%= command.id %> original:missing 'age:>30d' --reason 'older than what we keep' --yes",
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
      description: 'why they are archived; kept with them and in the journal',
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
      throw new UsageError('--reason: expected why they are archived, found an empty text');
    const which = { ...flags, reason: died };
    const selection = selectionOf(this.words, which, this.canChoose, action.verb);
    await this.act(
      {
        ...action,
        carryOut: (pipeline, plan, options) =>
          archiveDeadLetters(pipeline, plan, { ...options, note: reason }),
      },
      selection,
      { dryRun },
    );
  }
}
