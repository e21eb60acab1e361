import { connectionNotes } from '../../lib/cli/notes/while-it-works.js';
import * as Flags from '@oclif/core/flags';
import type { AdvisoryLine } from '../../lib/journal/advisory-line.js';
import { advisoryKinds, tailAdvisories } from '../../lib/journal/tail.js';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { momentFlag } from '../../lib/cli/flags/dead-letter-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { escapeJson } from '../../lib/domain/escape.js';
import { renderAdvisory } from '../../lib/render/advisory.js';

/** One line of `advisories tail --json`. */
export type AdvisoriesTailResult = AdvisoryLine;

export default class AdvisoriesTail extends BaseCommand<typeof AdvisoriesTail> {
  static override summary = 'Show what the server and the pipeline say about failing deliveries.';
  static override description =
    `Reads the journal: the server's own advisories, and the pipeline's records of attempts, exhaustions, routing, replays and late successes. Follows it live until Ctrl-C (exit 130), --count or --no-follow. Anything that is not a valid record is shown as MALFORMED.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1h --no-follow',
    '<%= config.bin %> <%= command.id %> --kind MAX_DELIVERIES --kind MSG_TERMINATED --json',
  ];

  static override flags = {
    since: momentFlag({
      description: 'start at this time: a duration before now, or an ISO time',
      defaultHelp: async () => 'now; with --no-follow, the oldest',
    }),
    kind: Flags.option({ options: advisoryKinds, multiple: true, multipleNonGreedy: true })({
      description: 'only this kind; repeatable',
      defaultHelp: async () => 'all kinds',
    }),
    consumer: Flags.string({
      description: 'only this consumer, in all its stages',
      helpValue: '<name>',
    }),
    count: countFlag({ description: 'stop after this many lines' }),
    'no-follow': Flags.boolean({ description: 'print what is there now, and stop' }),
  };

  private readonly end = new AbortController();

  async run(): Promise<void> {
    const { since, kind, consumer, count = Number.POSITIVE_INFINITY, 'no-follow': noFollow } = this.flags;
    const pipeline = await this.context.pipeline();
    pipeline.link.watch(connectionNotes((text) => this.note(text)));
    const lines = tailAdvisories(pipeline, {
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(kind === undefined ? {} : { kinds: kind }),
      ...(consumer === undefined ? {} : { consumer }),
      follow: !noFollow,
      signal: this.end.signal,
    });
    if (!noFollow && process.stderr.isTTY) this.note('following the journal; Ctrl-C to stop');
    let shown = 0;
    for await (const line of lines) {
      await this.print(line);
      if (++shown >= count) break;
    }
    if (this.end.signal.aborted) process.exitCode = 130;
    else if (shown === 0 && !this.flags.json) this.note('nothing to show');
  }

  /** One line each, also as JSON on a terminal; waits for a reader that is slower than the journal. */
  private async print(line: AdvisoryLine): Promise<void> {
    const text = this.flags.json
      ? escapeJson(JSON.stringify(line))
      : renderAdvisory(line, viewOf(process.stdout, this.colors));
    await this.outputPart(`${text}\n`);
  }

  /** Ctrl-C is the usual way to stop following: it ends cleanly, with 130 and without an error. */
  protected override interrupt(): void {
    if (this.end.signal.aborted) super.interrupt();
    this.end.abort();
  }
}
