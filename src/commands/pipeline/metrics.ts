import { BaseCommand } from '../../lib/cli/base-command.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { formatDuration } from '../../lib/domain/duration.js';
import { UsageError } from '../../lib/errors.js';
import { renderMetrics } from '../../lib/render/metrics.js';
import type { PipelineMetrics } from '../../lib/status/metrics/pipeline-metrics.js';
import { defaultOverMs, readMetrics, shortestOverMs } from '../../lib/status/metrics/read-metrics.js';

/** What `pipeline metrics --json` prints. */
export type PipelineMetricsResult = PipelineMetrics;

export default class PipelineMetricsCommand extends BaseCommand<typeof PipelineMetricsCommand> {
  static override summary =
    'Measure what the pipeline does: rates by event type, how many attempts succeed, growth.';
  static override description =
    'Looks twice, and says what happened in between: events of each type a second; of each consumer and stage, deliveries a second, the part of the attempts that succeeded, and how long handlers took in the attempts that the journal has, those that failed and retries; how much each stream grew, in an hour at this rate. It writes nothing, and works without the config file. What is not known is - (null with --json).';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --over 1m',
    "<%= config.bin %> <%= command.id %> --json | jq '.types[] | select(.perSecond > 0)'",
  ];

  static override flags = {
    over: durationFlag({
      description: 'how long to measure, at least 1s',
      helpValue: '<duration>',
      defaultHelp: async () => formatDuration(defaultOverMs),
    }),
  };

  async run(): Promise<void> {
    const { over: overMs = defaultOverMs } = this.flags;
    if (overMs < shortestOverMs) {
      throw new UsageError(`--over: expected at least 1s, found ${formatDuration(overMs)}`);
    }
    const pipeline = await this.context.pipeline();
    const line = new ChangingLine(process.stderr, () => `measuring over ${formatDuration(overMs)}`);
    const metrics: PipelineMetricsResult = await readMetrics(pipeline, { overMs }).finally(() => line.end());
    this.output(metrics, () => renderMetrics(metrics, viewOf(process.stdout, this.colors)));
  }
}
