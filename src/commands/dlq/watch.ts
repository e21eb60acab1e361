import { connectionNotes } from '../../lib/cli/notes/while-it-works.js';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  filtersOf,
  momentFlag,
  selectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import type { DeadLetterItem } from '../../lib/dlq/item.js';
import { watchDeadLetters } from '../../lib/dlq/out/watch.js';
import { escapeJson } from '../../lib/domain/escape.js';
import { renderDeath } from '../../lib/render/death.js';

/** One line of `dlq watch --json`. */
export type DlqWatchResult = DeadLetterItem;

const { since: _since, until: _until, ...filterFlags } = deadLetterFlags;

export default class DlqWatch extends BaseCommand<typeof DlqWatch> {
  static override summary = 'Follow the DLQ: a line for each dead letter that comes.';
  static override description =
    `Shows new dead letters, all or those that match; --since and --all begin with those that are there already. Ends with Ctrl-C (exit 130), --count or --duration. A connection that breaks is made again, and nothing is missed or shown twice.

${aboutSelections}`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> consumer:notifications-consumer -kind:timeout',
    '<%= config.bin %> <%= command.id %> --since 1h --json',
    '<%= config.bin %> <%= command.id %> --count 1 --duration 10m',
  ];

  static override args = selectionArgs;

  static override flags = {
    ...filterFlags,
    since: momentFlag({
      description: 'begin with those that died at or after this: a duration before now (2h), or an ISO time',
      defaultHelp: async () => 'now',
      exclusive: ['all'],
    }),
    all: Flags.boolean({ description: 'begin with all that are there' }),
    count: countFlag({ description: 'stop after this many lines' }),
    duration: durationFlag({
      description: 'stop after this time',
      helpValue: '<duration>',
      defaultHelp: async () => 'no end',
    }),
  };

  private readonly end = new AbortController();
  private interrupted = false;

  async run(): Promise<void> {
    const { since, all, count = Number.POSITIVE_INFINITY, duration } = this.flags;
    const filters = filtersOf(this.flags, this.words);
    const pipeline = await this.context.pipeline();
    pipeline.link.watch(connectionNotes((text) => this.note(text)));
    if (duration !== undefined) setTimeout(() => this.end.abort(), duration).unref();
    const letters = watchDeadLetters(pipeline, filters, {
      existing: all || since !== undefined,
      signal: this.end.signal,
    });
    if (process.stderr.isTTY) this.note('following the DLQ; Ctrl-C to stop');
    let shown = 0;
    for await (const letter of letters) {
      await this.print(letter);
      if (++shown >= count) break;
    }
    if (this.interrupted) process.exitCode = 130;
  }

  /** One line each, also as JSON on a terminal; waits for a reader that is slower than the DLQ. */
  private async print(letter: DeadLetterItem): Promise<void> {
    const text = this.flags.json
      ? escapeJson(JSON.stringify(letter))
      : renderDeath(letter, viewOf(process.stdout, this.colors));
    await this.outputPart(`${text}\n`);
  }

  /** Ctrl-C is the usual way to stop following: it ends cleanly, with 130 and without an error. */
  protected override interrupt(): void {
    if (this.interrupted) super.interrupt();
    this.interrupted = true;
    this.end.abort();
  }
}
