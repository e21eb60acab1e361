import { BaseCommand } from '../../lib/cli/base-command.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { type Example, listExamples } from '../../lib/examples/catalog.js';
import { renderTable } from '../../lib/render/table.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `examples list --json` prints. */
export interface ExamplesListResult {
  readonly items: readonly Example[];
  readonly total: number;
}

export default class ExamplesList extends BaseCommand<typeof ExamplesList> {
  static override summary = 'List the examples that come with this package.';
  static override description =
    'Each is a whole system that one command runs for real, with an account at its end.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<void> {
    const items = await listExamples(this.config.root);
    const result: ExamplesListResult = { items, total: items.length };
    const columns = [
      { title: 'name' },
      { title: 'takes', align: 'right' },
      { title: 'what it shows', flexible: true },
    ] as const;
    const rows = items.map(({ name, seconds, title }) => [name, `${seconds} s`, title]);
    this.output(result, () => renderTable(columns, rows, viewOf(process.stdout, this.colors)));
    const run = suggestCommand('examples run', { args: [{ blank: 'name' }] });
    if (!this.flags.json) this.note(`run one with: ${this.inWords(run)}`);
  }
}
