import { BaseCommand } from '../../lib/cli/base-command.js';
import { taskArg } from '../../lib/cli/flags/task-flags.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { renderTask } from '../../lib/render/tasks.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';
import { findTask } from '../../lib/tasks/find-task.js';
import { showTask, type TaskDetails } from '../../lib/tasks/task-outcomes.js';

/** What `tasks show --json` prints. */
export type TasksShowResult = TaskDetails;

export default class TasksShow extends BaseCommand<typeof TasksShow> {
  static override summary = 'Show one task, and what became of each of its dead letters.';
  static override description =
    'Outcomes are read from the journal, for as long as it keeps them: resolved, dead again, pending, or skipped and why. What was not begun is not among them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> INC-4711',
    '<%= config.bin %> <%= command.id %> INC-4711 --json | jq \'.items[] | select(.outcome == "deadAgain")\'',
  ];

  static override args = taskArg;

  protected override async choices(): Promise<readonly Suggestion[]> {
    return [suggestCommand('tasks list', { why: 'see which there are' })];
  }

  async run(): Promise<void> {
    const pipeline = await this.context.pipeline();
    const details: TasksShowResult = await showTask(pipeline, await findTask(pipeline, this.args.task));
    this.output(details, () => renderTask(details, viewOf(process.stdout, this.colors)));
    if (this.flags.json) return;
    const { id, state } = details;
    const canCarryOn = state === 'planned' || state === 'interrupted' || state === 'stopped';
    if (!canCarryOn) return;
    const why = state === 'planned' ? 'carry it out' : 'carry on with the rest';
    this.note(`\n${this.inWords(suggestCommand('dlq replay', { flags: { task: id }, why }))}`);
  }
}
