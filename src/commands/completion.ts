import * as Args from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/base-command.js';
import { complete } from '../lib/cli/completion/complete.js';
import type { CommandTable, Completion } from '../lib/cli/completion/completion.js';
import { placeBehind } from '../lib/cli/completion/place.js';
import { completionLines, completionScript, type Shell, shells } from '../lib/cli/completion/scripts.js';
import { sourcesOf } from '../lib/cli/completion/sources.js';
import { CommandContext, type ConnectionFlags } from '../lib/cli/context.js';
import { globalFlags } from '../lib/cli/flags/global-flags.js';
import { shapeOf } from '../lib/cli/usage/command-shape.js';

/** What `completion --json` prints; with words behind `--`, what could come next. */
export type CompletionResult = { readonly shell: Shell; readonly script: string } | Completion;

/** Who presses a key does not wait longer for a server, ms. */
const patienceMs = 1000;

export default class CompletionCommand extends BaseCommand<typeof CompletionCommand> {
  static override summary = 'Print a script that lets the Tab key complete commands.';
  static override description = `Load it where your shell starts:

bash: source <(<%= config.bin %> <%= command.id %> bash) in ~/.bashrc
zsh: source <(<%= config.bin %> <%= command.id %> zsh) in ~/.zshrc, behind compinit
fish: <%= config.bin %> <%= command.id %> fish | source in ~/.config/fish/config.fish

The Tab key then completes commands and flags, consumers and event types of the config, and dead letters, groups and tasks on the server that the line names. plutomi-events must be a command of the shell: install it with npm install --global, or put node_modules/.bin into PATH.

Behind --, it takes the words of a command line and prints what could stand in place of the last one: the script asks this.`;
  static override examples = [
    'source <(<%= config.bin %> <%= command.id %> bash)',
    "<%= config.bin %> <%= command.id %> bash -- dlq replay ''",
  ];

  static override args = {
    shell: Args.string({
      description: 'the shell whose Tab key it is',
      options: [...shells],
      required: true,
      ignoreStdin: true,
    }),
    words: Args.string({
      description: 'a command line; the last word is completed, and may be empty',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  async run(): Promise<void> {
    const shell = this.args.shell as Shell;
    const words = this.words.slice(1);
    if (words.length === 0) {
      const script = completionScript(shell);
      this.output({ shell, script } satisfies CompletionResult, () => script);
      return;
    }
    const result: CompletionResult = await this.completed(words);
    this.output(result, () => completionLines(result));
  }

  private async completed(words: readonly string[]): Promise<Completion> {
    const table = this.table();
    const context = this.contextBehind(words, table);
    try {
      return await complete(words, table, sourcesOf(context, this.config.root));
    } finally {
      await context.close();
    }
  }

  private table(): CommandTable {
    const { commands, topics } = this.config;
    return {
      commands: commands.map((command) => ({ ...shapeOf(command), summary: command.summary })),
      topics: topics.map(({ name, description }) => ({ word: name, about: description })),
      globalFlags,
    };
  }

  /** What the completed line says of config and server holds for what is asked of them. */
  private contextBehind(words: readonly string[], table: CommandTable): CommandContext {
    const { values } = placeBehind(words.slice(0, -1), table);
    const { timeout = patienceMs } = this.flags;
    const flags = { ...(values as ConnectionFlags), timeout };
    return new CommandContext(this.environment, flags, 'completion');
  }
}
