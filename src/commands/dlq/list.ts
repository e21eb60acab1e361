import { Flags } from '@oclif/core';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/count-flag.js';
import { deadLetterFlags, filtersOf } from '../../lib/cli/dead-letter-flags.js';
import { viewOf } from '../../lib/cli/view.js';
import { type DeadLetterGroups, groupDeadLetters, groupings } from '../../lib/dlq/group.js';
import { type DeadLetterList, defaultListLimit, listDeadLetters } from '../../lib/dlq/list.js';
import { renderDeadLetters, renderGroups } from '../../lib/render/dead-letters.js';

/** What `dlq list --json` prints; the second with `--group-by`. */
export type DlqListResult = DeadLetterList | DeadLetterGroups;

export default class DlqList extends BaseCommand<typeof DlqList> {
  static override summary = 'List the dead letters: what died, when and why.';
  static override description =
    `The oldest first. A dead letter names an event and the consumer that failed on it; the event itself stays in the events stream until it expires there. TRIES counts the attempts of the main and of the retry stage.

--group-by counts instead: by reason (reasons that differ in numbers and ids only are one), consumer or subject; the largest group first.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 2h --group-by reason',
    "<%= config.bin %> <%= command.id %> --consumer notifications-consumer --subject 'events.totp.*' --json",
  ];

  static override flags = {
    ...deadLetterFlags,
    limit: countFlag({
      description: 'most lines to show; the total counts all',
      defaultHelp: async () => `${defaultListLimit}, groups: all`,
    }),
    'group-by': Flags.option({ options: groupings })({ description: 'count instead of listing' }),
  };

  async run(): Promise<void> {
    const { limit, 'group-by': by } = this.flags;
    const config = await this.context.config();
    const link = await this.context.connect(config);
    const filters = filtersOf(this.flags);
    const view = viewOf(process.stdout, this.colors);
    if (by !== undefined) {
      const result = await groupDeadLetters(link, config, filters, by, limit);
      this.output(result, () => (result.total > 0 ? renderGroups(result.groups, by, view) : ''));
      this.suggest(result.total, result.groups.length, result.groups[0]?.sample, 'groups');
      return;
    }
    const result = await listDeadLetters(link, config, filters, limit);
    this.output(result, () => (result.total > 0 ? renderDeadLetters(result.items, view) : ''));
    this.suggest(result.total, result.items.length, result.items[0]?.id, 'items');
  }

  private suggest(total: number, shown: number, id: string | undefined, what: 'groups' | 'items'): void {
    if (this.flags.json) return;
    if (total === 0) this.note('no dead letters');
    if (what === 'items' && shown < total) {
      this.note(
        `\n${shown} of ${total}, the oldest; see them counted with --group-by reason, more with --limit`,
      );
    } else if (what === 'groups') this.note(`\n${total} dead letters`);
    if (id !== undefined) this.note(`see why one died: plutomi-events dlq show ${id}`);
  }
}
