import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { OperationError } from '../../lib/errors.js';
import { renderPause } from '../../lib/render/pause.js';
import { type ConsumerPause, readPause, resumeConsumer } from '../../lib/topology/pause.js';

/** What `pipeline resume --json` prints: the stages as they are then; with `--dry-run`, as they are now. */
export type PipelineResumeResult = ConsumerPause;

export default class PipelineResume extends BaseCommand<typeof PipelineResume> {
  static override summary = 'End the pause of a consumer before its time.';
  static override description =
    'What waits is delivered at once, as far as its processes take it. It also ends a pause that was made with another tool. Where nothing is paused nothing is done, and the exit code is 0. Asks first; without a terminal --yes is needed. operations log shows who and when.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> notifications-consumer',
    "<%= config.bin %> <%= command.id %> notifications-consumer --reason 'the mail server is back' --yes",
  ];

  static override args = {
    consumer: Args.string({
      description: 'a consumer of the config',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    reason: Flags.string({ description: 'why; operations log shows it', helpValue: '<text>' }),
    'dry-run': Flags.boolean({ description: 'show what waits for it, change nothing' }),
    ...consentFlags,
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun, reason } = this.flags;
    const pipeline = await this.context.pipeline();
    const { consumer } = this.args;
    const before = await readPause(pipeline, consumer);
    const isPaused = before.stages.some(({ paused }) => paused);
    if (dryRun || !isPaused) {
      this.output(before, () => renderPause(before, viewOf(process.stdout, this.colors)));
      return;
    }
    this.note(renderPause(before, viewOf(process.stderr, this.noteColors)));
    if (!(await this.confirm(`Resume ${consumer} on ${pipeline.link.server}?`))) {
      throw new OperationError('nothing was resumed: the answer was no', { code: 'DECLINED' });
    }
    const after = await resumeConsumer(pipeline, consumer, reason === undefined ? {} : { reason });
    this.output(after, () => renderPause(after, viewOf(process.stdout, this.colors)));
  }
}
