import * as Flags from '@oclif/core/flags';
import { LiveCommand, watchPauseMs } from '../../lib/cli/live-command.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { clipColumns } from '../../lib/render/columns.js';
import { renderStatus } from '../../lib/render/status.js';
import { StatusHistory } from '../../lib/status/history.js';
import type { PipelineStatus } from '../../lib/status/pipeline-status.js';
import { isNothingThere, StatusReader } from '../../lib/status/read-status.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `pipeline status --json` prints; with `--watch`, one a line. */
export type PipelineStatusResult = PipelineStatus;

export default class PipelineStatusCommand extends LiveCommand<typeof PipelineStatusCommand> {
  static override summary = 'Show how the pipeline is: streams, consumers, retries and dead letters.';
  static override description =
    `Of each stream: messages, size, how much of its limit is used, growth, and its oldest message. Of each consumer and stage: what waits, what is in hand, the oldest that is not processed, deliveries a second, and how many requests of workers wait for more. It reads and writes nothing else, and works without the config file.

--watch shows it on a screen of its own, read again every ${watchPauseMs / 1000} s, with a line of what waited at each look; q or Ctrl-C ends it, the space bar pauses it, r reads at once. With --json, it prints a line each time.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --watch',
    "<%= config.bin %> <%= command.id %> --json | jq '.consumers[] | select(.pending > 0)'",
  ];

  static override flags = {
    watch: Flags.boolean({ description: 'show it again and again, until q or Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { watch } = this.flags;
    if (watch) this.checkWatch();
    const reader = new StatusReader(await this.context.pipeline());
    if (!watch) {
      const status: PipelineStatusResult = await reader.read();
      return this.output(status, () => this.page(status));
    }
    const history = new StatusHistory();
    await this.watch({
      read: async () => history.add(await reader.read()),
      page: (status) => this.page(status, history),
    });
  }

  private page(status: PipelineStatus, history?: StatusHistory): string {
    const view = viewOf(process.stdout, this.colors);
    const title = escapeLine(`${status.pipeline} on ${status.server}, at ${status.at.slice(11, 19)} UTC`);
    const seen = history && ((one: PipelineStatus['consumers'][number]) => history.of(one));
    const body = isNothingThere(status)
      ? `the server has none of its streams\n→ ${this.inWords(suggestCommand('pipeline apply'))}`
      : renderStatus(status, view, seen);
    return `${this.colors.bold(clipColumns(title, view.width))}\n\n${body}`;
  }
}
