import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { momentFlag } from '../../lib/cli/flags/dead-letter-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { UsageError } from '../../lib/errors.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import { renderReading } from '../../lib/render/progress.js';
import { renderReport } from '../../lib/render/report.js';
import { type DeadLetterReport, reportDeadLetters } from '../../lib/report/make-report.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `dlq report --json` prints. */
export type DlqReportResult = DeadLetterReport;

export default class DlqReport extends BaseCommand<typeof DlqReport> {
  static override summary = 'Report what died, what was done about it, and what came of it, as Markdown.';
  static override description =
    `For the page that follows an incident: what died since a time, by consumer and cause; what people did, who it was, and why; and what became of each dead letter by now. With --task, the same of the dead letters of one task. All of it is read from the journal, which is read once.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 2h > incident.md',
    '<%= config.bin %> <%= command.id %> --task replay-4f2b8d0e',
    '<%= config.bin %> <%= command.id %> --since 2026-11-21T00:00Z --json',
  ];

  static override flags = {
    since: momentFlag({
      description: 'what died or was done at or after this: a duration before now (2h), or an ISO time',
      exclusive: ['task'],
    }),
    task: Flags.string({
      description: 'the dead letters of this task, as operations log and dlq replay name it',
      helpValue: '<id>',
    }),
  };

  async run(): Promise<void> {
    const { since, task } = this.flags;
    if (since === undefined && task === undefined) {
      throw new UsageError('dlq report needs --since <time> or --task <id>', {
        suggestions: [
          suggestCommand('dlq report', { flags: { since: '2h' } }),
          suggestCommand('operations log', { why: 'see the tasks' }),
        ],
      });
    }
    const pipeline = await this.context.pipeline();
    let read: ReadSoFar | undefined;
    const line = process.stderr.isTTY
      ? new ChangingLine(process.stderr, () => read && renderReading(read))
      : undefined;
    const report = await reportDeadLetters(pipeline, {
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(task === undefined ? {} : { task }),
      onRead: (soFar) => (read = soFar),
    }).finally(() => line?.end());
    this.output(report, () => renderReport(report));
  }
}
