import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import type { LintFinding } from '../../lib/config/lint/finding.js';
import { lintConfig } from '../../lib/config/lint/lint-config.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { hanging } from '../../lib/render/hanging.js';

/** Of the further lines of one finding. */
const indent = 2;

/** What `config lint --json` prints. */
export interface ConfigLintResult {
  readonly findings: readonly LintFinding[];
}

export default class ConfigLint extends BaseCommand<typeof ConfigLint> {
  static override summary = 'Say what in the config works, and will be regretted.';
  static override description =
    `Event types that read like commands, two services that publish what is about one thing, examples that are no such events, deprecated types that are still read, types that nobody reads, and consumers that read nothing. Errors are reported by every command; these are not errors.

Exit code 0, or 1 with --strict if there is anything. No server is contacted where the config file is.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --strict',
  ];

  static override flags = {
    strict: Flags.boolean({ description: 'exit 1 if there is anything to say' }),
  };

  async run(): Promise<void> {
    const result: ConfigLintResult = { findings: await lintConfig(await this.context.config()) };
    const { findings } = result;
    this.output(result, () =>
      findings.length === 0
        ? 'nothing to say'
        : findings
            .map(({ path, rule, message }) => escapeLine(`${path}: ${message} (${rule})`))
            .map((line) => hanging(indent, line, viewOf(process.stdout, this.colors).width))
            .join('\n'),
    );
    if (this.flags.strict && findings.length > 0) process.exitCode = 1;
  }
}
