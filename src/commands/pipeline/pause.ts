import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { isoOfMs } from '../../lib/domain/time.js';
import { OperationError, UsageError } from '../../lib/errors.js';
import { renderPause } from '../../lib/render/pause.js';
import { renderTime } from '../../lib/render/time.js';
import { suggestCommand } from '../../lib/suggestion.js';
import { type ConsumerPause, pauseConsumer, readPause } from '../../lib/topology/pause.js';

/** What `pipeline pause --json` prints: the stages as they are then; with `--dry-run`, as they are now. */
export type PipelinePauseResult = ConsumerPause;

export default class PipelinePause extends BaseCommand<typeof PipelinePause> {
  static override summary =
    'Pause a consumer: its handler is given nothing for a while, and nothing is lost.';
  static override description =
    'For an outage of what the handler needs: events wait in their stream in place of failing, one attempt after the other. What is in hand is finished. Its processes may go on running, and new ones are given nothing either. Events that wait leave their stream at its maxAge all the same: pipeline status shows how old they are. It ends by itself, or with pipeline resume; run it again for another end. Needs nats-server 2.11 or later. Asks first; without a terminal --yes is needed. operations log shows who, when and why.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> notifications-consumer --for 30m --reason 'the mail server is down'",
    "<%= config.bin %> <%= command.id %> notifications-consumer --for 2h --reason 'INC-4711' --yes",
  ];

  static override args = {
    consumer: Args.string({
      description: 'a consumer of the config',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    for: durationFlag({ description: 'for how long', helpValue: '<duration>', required: true }),
    reason: Flags.string({
      description: 'why; operations log shows it',
      helpValue: '<text>',
      required: true,
    }),
    'dry-run': Flags.boolean({ description: 'show what waits for it, change nothing' }),
    ...consentFlags,
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun, for: forMs, reason } = this.flags;
    if (reason.trim() === '')
      throw new UsageError('--reason: expected why it is paused, found an empty text');
    const pipeline = await this.context.pipeline();
    const { consumer } = this.args;
    const before = await readPause(pipeline, consumer);
    if (dryRun) return this.output(before, () => renderPause(before, viewOf(process.stdout, this.colors)));
    this.note(renderPause(before, viewOf(process.stderr, this.noteColors)));
    const until = pipeline.clock.now() + forMs;
    const end = renderTime(isoOfMs(until));
    if (!(await this.confirm(`Pause ${consumer} on ${pipeline.link.server} until ${end} UTC?`))) {
      throw new OperationError('nothing was paused: the answer was no', { code: 'DECLINED' });
    }
    const after = await pauseConsumer(pipeline, consumer, until, { reason });
    this.output(after, () => renderPause(after, viewOf(process.stdout, this.colors)));
    this.note(this.inWords(suggestCommand('pipeline resume', { args: [consumer], why: 'end it earlier' })));
  }
}
