import { BaseCommand } from '../../lib/cli/base-command.js';
import { taskArg } from '../../lib/cli/flags/task-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { colorsFor } from '../../lib/render/colors.js';
import { renderCounts, renderTask, renderTaskName } from '../../lib/render/tasks.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';
import { findTask } from '../../lib/tasks/find-task.js';
import type { TaskDetails } from '../../lib/tasks/task-outcomes.js';
import { exitCodeOfTask, watchTask } from '../../lib/tasks/watch-task.js';

/** What `tasks watch --json` prints. */
export type TasksWatchResult = TaskDetails;

/** A line that is written over again and again has no room for them. */
const withoutColors = colorsFor({ isTty: false, off: true });

export default class TasksWatch extends BaseCommand<typeof TasksWatch> {
  static override summary = 'Follow a task until it ends, and each of its dead letters has an outcome.';
  static override description = `Changes nothing: Ctrl-C only stops the watching.

Exit codes, as of dlq replay --wait: 0 all were resolved; 1 there is no such task; 5 some were skipped, are dead again or pending, or it was stopped, cancelled or interrupted; 130 Ctrl-C.`;
  static override examples = ['<%= config.bin %> <%= command.id %> INC-4711'];

  static override args = taskArg;

  private readonly end = new AbortController();

  protected override async choices(): Promise<readonly Suggestion[]> {
    return [suggestCommand('tasks list', { why: 'see which there are' })];
  }

  async run(): Promise<void> {
    const pipeline = await this.context.pipeline();
    const { task } = await findTask(pipeline, this.args.task);
    this.note(renderTaskName(task));
    let now: TaskDetails | undefined;
    const line = new ChangingLine(
      process.stderr,
      () => now && `${now.state}: ${renderCounts(now, withoutColors)}`,
    );
    try {
      for await (const details of watchTask(pipeline, task.id, this.end.signal)) now = details;
    } finally {
      line.end();
    }
    const last = now;
    if (last) this.output(last, () => renderTask(last, viewOf(process.stdout, this.colors)));
    process.exitCode = this.end.signal.aborted ? 130 : last ? exitCodeOfTask(last) : 1;
  }

  protected override interrupt(): void {
    if (this.end.signal.aborted) super.interrupt();
    this.end.abort();
  }
}
