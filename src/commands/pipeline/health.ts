import * as Flags from '@oclif/core/flags';
import { LiveCommand, watchPauseMs } from '../../lib/cli/live-command.js';
import { describeError } from '../../lib/cli/output/describe-error.js';
import {
  askedFormat,
  healthFailure,
  type HealthFormat,
  healthFormats,
} from '../../lib/cli/output/health-format.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { UsageError } from '../../lib/errors.js';
import { renderHealth, renderNagios, renderPrometheus } from '../../lib/render/health.js';
import { nextSteps } from '../../lib/status/health/next-steps.js';
import { judgeHealth, readHealth } from '../../lib/status/health/read-health.js';
import type { PipelineHealth } from '../../lib/status/health/pipeline-health.js';

/** What `pipeline health --json` prints; with `--watch`, one a line. */
export type PipelineHealthResult = PipelineHealth;

const nagiosCodes = { ok: 0, degraded: 1, critical: 2 } as const;

export default class PipelineHealthCommand extends LiveCommand<typeof PipelineHealthCommand> {
  static override summary = 'Judge how the pipeline is: ok, degraded or critical.';
  static override description =
    `Each stream must be there and have room, each consumer must deliver, be run by somebody and not be behind, and there must be few dead letters. The worst check decides. The limits are those of alerts in the config, or defaults: degraded over 100 waiting messages, 10 dead letters, 80 % of a size limit, half the life of an unprocessed event, or a consumer that has work and nobody runs; critical over 1,000, 100, 95 % and nine tenths.

--format nagios prints the line of a monitoring plugin, as nats server check does; --format prometheus prints metrics for a textfile collector. --watch shows it on a screen of its own, read again every ${watchPauseMs / 1000} s: q or Ctrl-C ends it, the space bar pauses it, r reads at once.

Exit codes: 0 ok; 1 degraded or critical; 2 usage or config; 4 can't connect or not allowed. With --format nagios: 0 ok, 1 degraded, 2 critical or the server does not answer, 3 unknown. With --format prometheus, always 0.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --format nagios',
    '<%= config.bin %> <%= command.id %> --json | jq \'.checks[] | select(.status != "ok")\'',
  ];

  static override flags = {
    format: Flags.option({ options: healthFormats })({
      description: 'how to print it; json is the same as --json',
      defaultHelp: async () => 'text',
    }),
    watch: Flags.boolean({ description: 'show it again and again, until q or Ctrl-C' }),
  };

  override async init(): Promise<void> {
    // Errors are JSON then too.
    if (askedFormat(this.argv) === 'json') this.argv.unshift('--json');
    await super.init();
  }

  async run(): Promise<void> {
    const { watch, json, format = json ? 'json' : 'text' } = this.flags;
    if (json && format !== 'json')
      throw new UsageError(`--json and --format ${format}: use only one of them`);
    if (watch) this.checkWatching(format);
    const pipeline = await this.context.pipeline();
    if (watch) return this.watch({ read: () => readHealth(pipeline), page: (one) => this.page(one) });
    const { look, ...health } = await judgeHealth(pipeline);
    this.output(health satisfies PipelineHealthResult, () => this.inFormat(health, format));
    if (format === 'text') for (const one of nextSteps(health, look)) this.note(this.inWords(one));
    if (format === 'nagios') process.exitCode = nagiosCodes[health.status];
    else if (format !== 'prometheus' && health.status !== 'ok') process.exitCode = 1;
  }

  private checkWatching(format: HealthFormat): void {
    if (format === 'nagios' || format === 'prometheus') {
      throw new UsageError(`--watch and --format ${format}: use only one of them`);
    }
    this.checkWatch();
  }

  private inFormat(health: PipelineHealth, format: HealthFormat): string {
    if (format === 'nagios') return renderNagios(health);
    return format === 'prometheus' ? renderPrometheus(health) : this.page(health);
  }

  private page(health: PipelineHealth): string {
    return renderHealth(health, viewOf(process.stdout, this.colors));
  }

  protected override async catch(error: Error): Promise<void> {
    const { message } = describeError(error, this.id, this.context?.caller);
    const failure = healthFailure(error, message, askedFormat(this.argv), this.context?.meantName);
    if (failure === undefined) return super.catch(error);
    process.stdout.write(`${failure.text}\n`);
    // Why, for people; what monitoring reads is on stdout.
    if (failure.exitCode === 0) await super.catch(error);
    process.exitCode = failure.exitCode;
  }
}
