import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import {
  aboutSelections,
  deadLetterFlags,
  filtersOf,
  selectionArgs,
} from '../../lib/cli/flags/dead-letter-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import {
  answerParent,
  isResponsiveChild,
  type ResponsiveChild,
  startResponsiveChild,
} from '../../lib/cli/run/responsive.js';
import { containHandlers } from '../../lib/cli/run/contain-handlers.js';
import { testDeadLetters, type TestResult } from '../../lib/dlq/trial/test-letters.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { renderTrial } from '../../lib/render/trial.js';

/** What `dlq test --json` prints. */
export type DlqTestResult = TestResult;

const mostStrays = 10;

export default class DlqTest extends BaseCommand<typeof DlqTest> {
  static override summary = "Run today's handlers on dead letters, without effects: which would pass now?";
  static override description =
    `Loads the handlers of this project and runs them, in this process, on the events of the dead letters; nothing is written, and nothing acknowledged. Only handlers that can run without effects are run: those with export const dryRun = async (event, context) => {}, or with export const supportsDryRun = true, whose default export looks at context.dryRun. Other consumers are refused, since their effects would be real. Concurrency and timeout are those of the config.

${aboutSelections}

Exit codes: 0 all would pass, or nothing matched; 2 usage or config; 4 can't connect or not allowed; 5 some would fail, or were refused; 130 interrupted: says what was found by then, unless a handler blocks the event loop, which is ended then.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> group:3f9a1c --limit 100',
    '<%= config.bin %> <%= command.id %> --consumer notifications-consumer --json',
  ];

  static override args = selectionArgs;

  static override flags = {
    ...deadLetterFlags,
    limit: countFlag({
      char: 'L',
      description: 'only the oldest of those that match',
      defaultHelp: async () => 'all',
    }),
  };

  private readonly stop = new AbortController();
  private release: () => void = () => {};

  protected override get needsProject(): boolean {
    return true;
  }

  async run(): Promise<void> {
    if (!isResponsiveChild()) return this.runAsChild();
    answerParent();
    const { limit } = this.flags;
    const filters = filtersOf(this.flags, this.words);
    const pipeline = await this.context.pipeline();
    const log = await this.context.logger();
    let done = 0;
    let strays = 0;
    const line = process.stderr.isTTY ? new ChangingLine(process.stderr, () => `${done} tested`) : undefined;
    this.release = containHandlers((message) => {
      if (strays++ < mostStrays)
        this.note(`a handler left an error that nobody caught: ${escapeLine(message)}`);
    });
    const result = await testDeadLetters(pipeline, filters, {
      modules: this.context.moduleOptions,
      log,
      signal: this.stop.signal,
      ...(limit === undefined ? {} : { limit }),
      onDone: () => done++,
    }).finally(() => {
      line?.end();
      this.release();
    });
    this.output(result, () =>
      result.selected === 0 ? '' : renderTrial(result, viewOf(process.stdout, this.colors)),
    );
    if (result.selected === 0 && !this.flags.json) this.note('no dead letters to test');
    const failed = result.groups.some(({ fail }) => fail > 0) || result.refused.length > 0;
    process.exitCode = result.interrupted ? 130 : failed ? 5 : 0;
  }

  private child: ResponsiveChild | undefined;

  private async runAsChild(): Promise<void> {
    this.child = startResponsiveChild();
    process.exitCode = await this.child.ended;
  }

  /** What was found by then is printed; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (this.child) {
      return this.child.interrupt(() =>
        this.note('a handler blocks the event loop, and hears nothing: it is ended; nothing was written'),
      );
    }
    this.release();
    if (this.stop.signal.aborted) return super.interrupt();
    this.note('stopping');
    this.stop.abort();
  }
}
