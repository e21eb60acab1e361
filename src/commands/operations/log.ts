import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { momentFlag } from '../../lib/cli/flags/dead-letter-flags.js';
import { ChangingLine } from '../../lib/cli/output/changing-line.js';
import { viewOf } from '../../lib/cli/output/view.js';
import type { ReadSoFar } from '../../lib/nats/read/read-so-far.js';
import { renderOperations } from '../../lib/render/operations.js';
import { renderReading } from '../../lib/render/progress.js';
import {
  defaultOperationsLimit,
  type OperationsLog,
  readOperations,
} from '../../lib/report/operations-log.js';
import { suggestCommand } from '../../lib/suggestion.js';

/** What `operations log --json` prints. */
export type OperationsLogResult = OperationsLog;

export default class OperationsLogCommand extends BaseCommand<typeof OperationsLogCommand> {
  static override summary = 'Show what people did: who replayed, discarded or decided what, and why.';
  static override description =
    `One line a task, the oldest first: when it began, who did it, what, to how many dead letters of which consumers, and the reason that was given. What people decided about groups is among them. It is read from the journal, and goes back as far as that.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 24h',
    '<%= config.bin %> <%= command.id %> --operator ada --json',
  ];

  static override flags = {
    since: momentFlag({
      description: 'only what was done at or after this: a duration before now (24h), or an ISO time',
      defaultHelp: async () => 'all',
    }),
    operator: Flags.string({
      description: 'only what this person did: user@host, or the user alone',
      helpValue: '<name>',
      defaultHelp: async () => 'everybody',
    }),
    limit: countFlag({
      char: 'L',
      description: 'only the newest; the total counts all',
      defaultHelp: async () => String(defaultOperationsLimit),
    }),
  };

  async run(): Promise<void> {
    const { since, operator, limit } = this.flags;
    const pipeline = await this.context.pipeline();
    let read: ReadSoFar | undefined;
    const line = process.stderr.isTTY
      ? new ChangingLine(process.stderr, () => read && renderReading(read))
      : undefined;
    const log = await readOperations(pipeline, {
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(operator === undefined ? {} : { operator }),
      ...(limit === undefined ? {} : { limit }),
      onRead: (soFar) => (read = soFar),
    }).finally(() => line?.end());
    const view = viewOf(process.stdout, this.colors);
    this.output(log, () => (log.total === 0 ? '' : renderOperations(log.operations, view)));
    if (!this.flags.json) this.suggest(log);
  }

  private tellNothing(): void {
    const { since, operator } = this.flags;
    if (since === undefined && operator === undefined) return this.note('nobody has done anything');
    this.note('nothing matches');
    this.note(this.inWords(suggestCommand('operations log', { why: 'see what everybody did' })));
  }

  private suggest({ total, operations }: OperationsLog): void {
    if (total === 0) return this.tellNothing();
    if (operations.length < total)
      this.note(`\nthe newest ${operations.length} of ${total}; show more with --limit`);
    const task = operations.findLast((one) => one.task !== null)?.task;
    if (task) {
      const why = 'see what came of the last task';
      this.note(this.inWords(suggestCommand('dlq report', { flags: { task }, why })));
    }
  }
}
