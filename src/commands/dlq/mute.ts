import * as Flags from '@oclif/core/flags';
import { groupArg, groupFlags, muteUntil } from '../../lib/cli/flags/group-flags.js';
import { GroupCommand } from '../../lib/cli/group-command.js';

export default class DlqMute extends GroupCommand<typeof DlqMute> {
  static override summary =
    'Mute a group of dead letters for a while: it is seen, and nobody need be told of it.';
  static override description =
    'It stays in dlq groups, as muted, and its dead letters stay where they are. --until says for how long: 24h, or an ISO time; 100x, until 100 more of its dead letters are in the DLQ; deploy, until the next pipeline apply, also one that finds nothing to change. It is acknowledged too. dlq unmute ends it earlier.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f9a1c --until 24h',
    '<%= config.bin %> <%= command.id %> 3f9a1c --until 100x',
    '<%= config.bin %> <%= command.id %> 3f9a1c --until deploy --incident INC-4711',
  ];

  static override args = { group: groupArg };
  static override flags = {
    ...groupFlags,
    until: Flags.string({
      description: 'a duration, an ISO time, how many more dead letters (100x), or deploy',
      helpValue: '<when>',
      required: true,
    }),
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  run(): Promise<void> {
    const until = muteUntil(this.flags.until, Date.now());
    return this.decide(this.args.group, { do: 'mute', until }, this.flags);
  }
}
