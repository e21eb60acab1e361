import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { taskArg } from '../../lib/cli/flags/task-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { OperationError } from '../../lib/errors.js';
import { renderTask } from '../../lib/render/tasks.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';
import { cancelTask } from '../../lib/tasks/cancel-task.js';
import { findTask } from '../../lib/tasks/find-task.js';
import { taskEnded } from '../../lib/tasks/keeper.js';
import { showTask, type TaskDetails } from '../../lib/tasks/task-outcomes.js';

/** What `tasks cancel --json` prints. */
export type TasksCancelResult = TaskDetails;

export default class TasksCancel extends BaseCommand<typeof TasksCancel> {
  static override summary = 'Cancel a task, from anywhere: nothing more of it is started.';
  static override description =
    'Whoever carries it out looks each second, finishes what has been started, and ends with 5. What was replayed by then stays replayed. A cancelled task is not carried on: plan another one for what is in the DLQ then. Asks first; without a terminal --yes is needed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> INC-4711',
    '<%= config.bin %> <%= command.id %> INC-4711 --yes --json',
  ];

  static override args = taskArg;

  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the task, change nothing' }),
    ...consentFlags,
  };

  protected override get changes(): boolean {
    return !this.flags['dry-run'];
  }

  protected override async choices(): Promise<readonly Suggestion[]> {
    return [suggestCommand('tasks list', { why: 'see which there are' })];
  }

  async run(): Promise<void> {
    const { 'dry-run': dryRun } = this.flags;
    const pipeline = await this.context.pipeline();
    const head = await findTask(pipeline, this.args.task);
    if (head.task.state === 'done') throw taskEnded(head.task);
    const before = await showTask(pipeline, head);
    if (dryRun) {
      this.output(before, () => renderTask(before, viewOf(process.stdout, this.colors)));
      return;
    }
    this.note(renderTask({ ...before, items: [] }, viewOf(process.stderr, this.noteColors)));
    if (!(await this.confirm(`Cancel this task on ${pipeline.link.server}?`))) {
      throw new OperationError('nothing was cancelled: the answer was no', { code: 'DECLINED' });
    }
    const task = await cancelTask(pipeline, head.task.id);
    const result: TasksCancelResult = { ...before, state: task.state };
    this.output(result, () => `${task.name} is cancelled; what has been started is finished`);
  }
}
