import { join } from 'node:path';
import { CommandHelp, Help, standardizeIDFromArgv } from '@oclif/core/help';
import type { Config, HelpOptions, Topic } from '@oclif/core/interfaces';
import { shellLine } from '../../render/shell-line.js';
import { shapeOf, usageLine } from './command-shape.js';
import { wantsJson } from '../output/wants-json.js';
import { wrapPlain } from './wrap-plain.js';

/** Longer lines are hard to read; a terminal may be narrower. */
const widest = 100;

const examples = [
  'plutomi-events pipeline apply',
  'plutomi-events pipeline run',
  'plutomi-events dlq list --since 2h --group-by reason',
  'plutomi-events dlq replay notifications-consumer/42 --wait',
];

/** oclif's help, as wide as the terminal, with all commands on its first page. */
export default class PlutomiHelp extends Help {
  protected override CommandHelpClass = CommandHelpPage;

  constructor(config: Config, options: Partial<HelpOptions> = {}) {
    const { columns } = process.stdout;
    // Where a list has no room beside its names, oclif indents it by two columns more than it counts.
    super(config, { ...options, maxWidth: columns === undefined ? widest : Math.min(widest, columns - 2) });
    this.render = onlyTemplates(this.render);
  }

  override wrap(body: string, spacing = this.indentSpacing): string {
    return wrapPlain(this.render(body), this.opts.maxWidth - spacing) ?? super.wrap(body, spacing);
  }

  /** Reports words that are not a command; for a command followed by other words, shows the command's help. */
  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => word !== '--help' && word !== '-h');
    const [id = ''] = standardizeIDFromArgv([...words], this.config);
    if (id === '' || id.startsWith('-')) return this.showFirstPage(argv);
    const parts = id.split(':');
    for (let end = parts.length; end > 0; end--) {
      const name = parts.slice(0, end).join(':');
      if (this.config.findCommand(name)) return super.showHelp([...name.split(':'), '--help']);
    }
    if (parts.length === 1 && this.config.findTopic(id)) return super.showHelp([id, '--help']);
    const { reportUnknownCommand } = await import('./command-not-found.js');
    reportUnknownCommand(this.config, parts, argv);
  }

  private showFirstPage(argv: readonly string[]): void {
    const commands = this.sortedCommands.map(({ id, summary = '' }) => ({
      name: id.replaceAll(':', ' '),
      summary,
    }));
    if (wantsJson(argv)) {
      this.log(JSON.stringify({ version: this.config.version, commands }));
      return;
    }
    const { bin, pjson, userAgent } = this.config;
    const order = Object.keys(pjson.oclif.topics ?? {});
    // What belongs to no topic comes last.
    const place = ({ name }: { name: string }): number => {
      const at = order.indexOf(name.split(' ')[0] ?? '');
      return at === -1 ? order.length : at;
    };
    const list = commands
      .toSorted((a, b) => place(a) - place(b))
      .map(({ name, summary }): [string, string] => [name, summary]);
    const room = roomForExamples();
    const sections = [
      this.wrap(pjson.description ?? '', 0),
      this.section('USAGE', `$ ${bin} <command> [FLAGS]`),
      this.section('COMMANDS', this.renderList(list, { indentation: 2, spacer: '\n' })),
      this.section('EXAMPLES', examples.map((line) => shellLine(`$ ${line}`, room)).join('\n')),
      this.section('LEARN MORE', this.learnMore()),
      this.section('VERSION', this.wrap(userAgent)),
    ];
    this.log(`${sections.join('\n\n')}\n`);
  }

  /** The docs of this very version are beside it. */
  private learnMore(): string {
    const { bin, root } = this.config;
    return [`${bin} <command> --help`, join(root, 'docs', 'README.md')].join('\n');
  }

  override async showCommandHelp(command: Parameters<Help['showCommandHelp']>[0]): Promise<void> {
    this.log(`${this.wrap(command.summary ?? '', 0)}\n\n${this.formatCommand(command)}\n`);
  }

  protected override formatTopic({ name, description = '' }: Topic): string {
    const usage = this.section('USAGE', `$ ${this.config.bin} ${name} <command> [FLAGS]`);
    return `${this.wrap(description, 0)}\n\n${usage}\n`;
  }
}

/** The page of one command: its usage as an error shows it, and its summary once. */
class CommandHelpPage extends CommandHelp {
  constructor(...args: ConstructorParameters<typeof CommandHelp>) {
    super(...args);
    this.render = onlyTemplates(this.render);
  }

  override wrap(body: string, spacing = this.indentSpacing): string {
    return wrapPlain(this.render(body), this.opts.maxWidth - spacing) ?? super.wrap(body, spacing);
  }

  protected override usage(): string {
    return this.wrap(`$ ${usageLine(shapeOf(this.command))}`);
  }

  /** What may be chosen from is broken between its words, never within one. */
  protected override flags(flags: Parameters<CommandHelp['flags']>[0]): ReturnType<CommandHelp['flags']> {
    return super
      .flags(flags)
      ?.map(([name, text]) => [
        name,
        text?.replace(/\n<options: .*>/, (options) => options.replaceAll('|', ' | ')),
      ]);
  }

  protected override examples(examples: Parameters<CommandHelp['examples']>[0]): string | undefined {
    const room = roomForExamples();
    const lines = super.examples(examples)?.split('\n');
    return lines?.map((line) => shellLine(line, room)).join('\n');
  }

  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }
}

/** The section indents them; in a pipe they are as wide as they are. */
function roomForExamples(): number {
  return (process.stdout.columns ?? Number.POSITIVE_INFINITY) - 2;
}

/** What has no template in it is not compiled as one. */
function onlyTemplates(render: Help['render']): Help['render'] {
  return (text) => (text.includes('<%') ? render(text) : text);
}
