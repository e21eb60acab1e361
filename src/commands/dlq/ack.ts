import { groupArg, groupFlags } from '../../lib/cli/flags/group-flags.js';
import { GroupCommand } from '../../lib/cli/group-command.js';

export default class DlqAck extends GroupCommand<typeof DlqAck> {
  static override summary = 'Acknowledge a group of dead letters: somebody has seen it.';
  static override description =
    'Its status is then open, and no longer new or back. It is back when it dies again after all of its dead letters have left. Kept on the server with who and when. It loses nothing, so nobody is asked.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f9a1c',
    '<%= config.bin %> <%= command.id %> 3f9a1c --incident INC-4711',
  ];

  static override args = { group: groupArg };
  static override flags = groupFlags;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  run(): Promise<void> {
    return this.decide(this.args.group, { do: 'ack' }, this.flags);
  }
}
