import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { renderTasks } from '../../lib/render/tasks.js';
import { suggestCommand } from '../../lib/suggestion.js';
import { defaultTaskLimit, listTasks, type TaskList } from '../../lib/tasks/task-outcomes.js';

/** What `tasks list --json` prints. */
export type TasksListResult = TaskList;

export default class TasksList extends BaseCommand<typeof TasksList> {
  static override summary = 'List tasks: replays that were planned, what became of them, the newest first.';
  static override description =
    'States: planned; running; interrupted (nobody has given a sign of life for 15 s on the clock of the server); stopped (by --stop-on); cancelled; done. Resolved, dead again and pending are read from the journal.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  static override flags = {
    limit: countFlag({
      char: 'L',
      description: 'how many, the newest first',
      defaultHelp: async () => String(defaultTaskLimit),
    }),
  };

  async run(): Promise<void> {
    const { limit } = this.flags;
    const pipeline = await this.context.pipeline();
    const list = await listTasks(pipeline, {
      ...(limit === undefined ? {} : { limit }),
      onMalformed: (subject, reason) => this.note(`left out: ${escapeLine(subject)}: ${escapeLine(reason)}`),
    });
    const { tasks, total } = list;
    this.output(list, () =>
      tasks.length === 0 ? '' : renderTasks(tasks, viewOf(process.stdout, this.colors)),
    );
    if (this.flags.json) return;
    const [newest] = tasks;
    if (!newest) {
      this.note('no tasks');
      return;
    }
    if (total > tasks.length) this.note(`${tasks.length} of ${total}: --limit shows more`);
    this.note(this.inWords(suggestCommand('tasks show', { args: [newest.id], why: 'what became of each' })));
  }
}
