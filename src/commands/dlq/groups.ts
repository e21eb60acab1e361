import { setTimeout as sleep } from 'node:timers/promises';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  filtersOf,
  selectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { AlternateScreen } from '../../lib/cli/output/alternate-screen.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import type { DeadLetterFilters } from '../../lib/dlq/filters.js';
import { defaultGroupsLimit, type GroupList, listGroups } from '../../lib/dlq/groups/list-groups.js';
import { escapeJson } from '../../lib/domain/escape.js';
import { UsageError } from '../../lib/errors.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import type { Pipeline } from '../../lib/pipeline/pipeline.js';
import { renderGroupCount, renderGroupList } from '../../lib/render/groups.js';
import { renderReading } from '../../lib/render/progress.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq groups --json` prints; with `--watch`, one a line. */
export type DlqGroupsResult = GroupList;

/** Between the end of a reading and the next one. */
const watchPauseMs = 2000;

export default class DlqGroups extends BaseCommand<typeof DlqGroups> {
  static override summary = 'Show the dead letters by cause: the first screen of an incident.';
  static override description =
    `A group is of one consumer and one cause: name and code of the error are the same, and its messages differ only in hosts, ids, numbers and the like. The largest first, each with the count; its status; the id that group: and dlq ack, mute, assign and note take; how many died in each part of the time from the first death to now; the first and the last death; when the first event that is still there expires; the consumer; and what the messages have in common. A third line says what was decided: incident, assignee, mute, note.

Status: new, nobody has acknowledged it (dlq ack); open; muted (dlq mute); back, it died again after all of its dead letters had left. What is one group, and its status, follow from all dead letters; the words and flags say which are counted.

--watch shows it on a screen of its own until Ctrl-C, read again every ${watchPauseMs / 1000} s; with --json, a line each time.

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
    watch: Flags.boolean({ description: 'show it again and again, until Ctrl-C' }),
  };

  private screen: AlternateScreen | undefined;
  private watching = false;

  async run(): Promise<void> {
    const { watch } = this.flags;
    const filters = filtersOf(this.flags, this.words);
    if (watch && !this.flags.json && !process.stdout.isTTY) {
      throw new UsageError('--watch needs a terminal', {
        suggestions: ['with --json it prints a line each time, anywhere'],
      });
    }
    const pipeline = await this.context.pipeline();
    if (watch) return this.watch(pipeline, filters);
    const result = await this.read(pipeline, filters);
    this.output(result, () =>
      result.total === 0 ? '' : renderGroupList(result.groups, viewOf(process.stdout, this.colors)),
    );
    this.suggest(result);
  }

  private get limit(): number {
    return this.flags.limit ?? defaultGroupsLimit;
  }

  private async read(pipeline: Pipeline, filters: DeadLetterFilters): Promise<GroupList> {
    let soFar: ReadSoFar | undefined;
    const line = new ChangingLine(process.stderr, () => soFar && renderReading(soFar));
    try {
      return await listGroups(pipeline, filters, { limit: this.limit, onRead: (now) => (soFar = now) });
    } finally {
      line.end();
    }
  }

  private async watch(pipeline: Pipeline, filters: DeadLetterFilters): Promise<void> {
    const { limit } = this;
    this.watching = true;
    if (!this.flags.json) this.screen = new AlternateScreen(process.stdout);
    for (;;) {
      const onRead = (soFar: ReadSoFar): void => {
        if (!drawn) this.screen?.draw(renderReading(soFar));
      };
      const drawn = this.drawn;
      const result = await listGroups(pipeline, filters, { limit, onRead });
      this.drawn = true;
      if (this.screen) this.screen.draw(this.page(result));
      else await this.outputPart(`${escapeJson(JSON.stringify(result))}\n`);
      await sleep(watchPauseMs);
    }
  }

  /** Until then it says how much is read. */
  private drawn = false;

  private page(result: GroupList): string {
    const view = viewOf(process.stdout, this.colors);
    const at = new Date(view.nowMs).toISOString().slice(11, 19);
    const title = `${result.total === 0 ? 'no dead letters' : renderGroupCount(result)}, at ${at} UTC; end with Ctrl-C`;
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

  protected override async catch(error: Error): Promise<void> {
    this.screen?.close();
    return super.catch(error);
  }

  /** Ctrl-C is the usual way to stop watching: no error. */
  protected override interrupt(): void {
    this.screen?.close();
    if (this.watching) process.exit(130);
    super.interrupt();
  }
}
