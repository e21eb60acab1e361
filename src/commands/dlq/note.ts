import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { groupArg, groupFlags, noteText } from '../../lib/cli/flags/group-flags.js';
import { GroupCommand } from '../../lib/cli/group-command.js';
import { UsageError } from '../../lib/errors.js';

export default class DlqNote extends GroupCommand<typeof DlqNote> {
  static override summary = 'Note something about a group of dead letters, for whoever looks at it next.';
  static override description =
    'A group has one note, of at most 2000 characters: a new one takes the place of the one before. It is shown by dlq groups and dlq show, and kept on the server.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> 3f9a1c 'restore the tables first, then replay'",
    '<%= config.bin %> <%= command.id %> 3f9a1c --none',
  ];

  static override args = {
    group: groupArg,
    text: Args.string({ description: 'the note', ignoreStdin: true }),
  };
  static override flags = {
    ...groupFlags,
    none: Flags.boolean({ description: 'remove the note' }),
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  run(): Promise<void> {
    const { text } = this.args;
    if (this.flags.none ? text !== undefined : text === undefined)
      throw new UsageError('expected the note, or --none; one of them');
    const note = text === undefined ? null : noteText(text);
    return this.decide(this.args.group, { do: 'note', text: note }, this.flags);
  }
}
