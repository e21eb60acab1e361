import * as Flags from '@oclif/core/flags';
import { LiveCommand, watchPauseMs } from '../../lib/cli/live-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  filtersOf,
  selectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import type { DeadLetterFilters } from '../../lib/dlq/filters.js';
import { defaultGroupsLimit, type GroupList, listGroups } from '../../lib/dlq/groups/list-groups.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import { timeOfDay } from '../../lib/render/time.js';
import { renderGroupCount, renderGroupList } from '../../lib/render/groups.js';
import { renderReading } from '../../lib/render/progress.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq groups --json` prints; with `--watch`, one a line. */
export type DlqGroupsResult = GroupList;

export default class DlqGroups extends LiveCommand<typeof DlqGroups> {
  static override summary = 'Show the dead letters by cause: the first screen of an incident.';
  static override description =
    `A group is of one consumer and one cause: name and code of the error are the same, and its messages differ only in hosts, ids, numbers and the like. The largest first, each with the count; its status; the id that group: and dlq ack, mute, assign and note take; how many died in each part of the time from the first death to now; the first and the last death; when the first event that is still there expires; the consumer; and what the messages have in common. A third line says what was decided: incident, assignee, mute, note.

Status: new, nobody has acknowledged it (dlq ack); open; muted (dlq mute); back, it died again after all of its dead letters had left. What is one group, and its status, follow from all dead letters; the words and flags say which are counted.

--watch shows it on a screen of its own, read again every ${watchPauseMs / 1000} s; q or Ctrl-C ends it, the space bar pauses it, r reads at once. While the server is away it says so, and goes on when it is back. With --json, it prints a line each time.

${aboutSelections}`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> consumer:notifications-consumer 'age:<2h' --limit 5",
    '<%= config.bin %> <%= command.id %> --watch',
    "<%= config.bin %> <%= command.id %> --json | jq '.groups[] | {id, count, shape}'",
  ];

  static override args = selectionArgs;

  static override flags = {
    ...deadLetterFlags,
    limit: countFlag({
      char: 'L',
      description: 'maximum number of groups to show; the totals count all',
      defaultHelp: async () => String(defaultGroupsLimit),
    }),
    watch: Flags.boolean({ description: 'show it again and again, until q or Ctrl-C' }),
  };

  private isFirst = true;

  async run(): Promise<void> {
    const { watch } = this.flags;
    const filters = filtersOf(this.flags, this.words);
    if (watch) this.checkWatch();
    const pipeline = await this.context.pipeline();
    const read = (): Promise<GroupList> => this.read(pipeline, filters);
    if (watch) return this.watch({ read, page: (result) => this.page(result) });
    const result = await read();
    this.output(result, () =>
      result.total === 0 ? '' : renderGroupList(result.groups, viewOf(process.stdout, this.colors)),
    );
    this.suggest(result);
  }

  private get limit(): number {
    return this.flags.limit ?? defaultGroupsLimit;
  }

  private async read(pipeline: Pipeline, filters: DeadLetterFilters): Promise<GroupList> {
    const { limit } = this;
    // Later it would be drawn over the screen of --watch.
    if (!this.isFirst) return listGroups(pipeline, filters, { limit });
    this.isFirst = false;
    let soFar: ReadSoFar | undefined;
    const line = new ChangingLine(process.stderr, () => soFar && renderReading(soFar));
    try {
      return await listGroups(pipeline, filters, { limit, onRead: (now) => (soFar = now) });
    } finally {
      line.end();
    }
  }

  private page(result: GroupList): string {
    const view = viewOf(process.stdout, this.colors);
    const at = timeOfDay(new Date(view.nowMs).toISOString());
    const title = `${result.total === 0 ? 'no dead letters' : renderGroupCount(result)}, at ${at} UTC`;
    return `${title}\n\n${result.total === 0 ? '' : renderGroupList(result.groups, view)}`;
  }

  private suggest(result: GroupList): void {
    if (this.flags.json) return;
    const [largest] = result.groups;
    if (result.total === 0) return this.note('no dead letters');
    const more = result.shown < result.total ? '; show more with --limit' : '';
    this.note(`\n${renderGroupCount(result)}${more}`);
    if (!largest) return;
    this.note(this.inWords(suggestCommand('dlq show', { args: [largest.sample], why: 'see why one died' })));
    const args = [`group:${largest.id}`];
    this.note(
      this.inWords(
        suggestCommand('dlq replay', { args, flags: { 'dry-run': true }, why: 'see what a replay would do' }),
      ),
    );
  }
}
