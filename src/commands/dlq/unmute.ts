import { groupArg, groupFlags } from '../../lib/cli/flags/group-flags.js';
import { GroupCommand } from '../../lib/cli/group-command.js';

export default class DlqUnmute extends GroupCommand<typeof DlqUnmute> {
  static override summary = 'End the muting of a group of dead letters.';
  static override examples = ['<%= config.bin %> <%= command.id %> 3f9a1c'];

  static override args = { group: groupArg };
  static override flags = groupFlags;

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  run(): Promise<void> {
    return this.decide(this.args.group, { do: 'unmute' }, this.flags);
  }
}
