import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { groupArg, groupFlags, boundedText } from '../../lib/cli/flags/group-flags.js';
import { GroupCommand } from '../../lib/cli/group-command.js';
import { UsageError } from '../../lib/errors.js';

export default class DlqAssign extends GroupCommand<typeof DlqAssign> {
  static override summary = 'Say who looks after a group of dead letters.';
  static override description =
    'A name of your choice. It is shown by dlq groups and dlq show, and kept on the server.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f9a1c ana',
    '<%= config.bin %> <%= command.id %> 3f9a1c --none',
  ];

  static override args = {
    group: groupArg,
    who: Args.string({ description: 'who looks after it', ignoreStdin: true }),
  };
  static override flags = {
    ...groupFlags,
    none: Flags.boolean({ description: 'nobody does' }),
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  run(): Promise<void> {
    const { who } = this.args;
    if (this.flags.none ? who !== undefined : who === undefined)
      throw new UsageError('expected who looks after the group, or --none; one of them');
    const to = who === undefined ? null : boundedText('who', who);
    return this.decide(this.args.group, { do: 'assign', to }, this.flags);
  }
}
