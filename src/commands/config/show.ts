import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { type DescribedConfig, describeConfig } from '../../lib/config/describe.js';
import type { PipelineConfig } from '../../lib/config/resolved.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { compareApplied, describeApplied } from '../../lib/operations/applied.js';
import { ConfigError } from '../../lib/errors.js';
import { outline } from '../../lib/render/outline.js';
import { suggestCommand } from '../../lib/suggestion.js';

export type ConfigShowResult = DescribedConfig;

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override summary = 'Show what the config resolves to.';
  static override description =
    `Finds and checks the config file as every other command does, reports all of its problems at once, and prints it with every default filled in. Secrets in URLs are hidden. No server is contacted.

Where there is no config file, and with --applied, it shows what was applied to the server, by whom and when: what the other commands work with where there is no config file. With --applied it says, on stderr, where the config file differs from that.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config other.config.json --json',
    '<%= config.bin %> <%= command.id %> --applied',
  ];

  static override flags = {
    applied: Flags.boolean({ description: 'show the config that is stored on the server' }),
  };

  async run(): Promise<void> {
    const config = this.flags.applied ? await this.applied() : await this.context.config();
    const result: ConfigShowResult = describeConfig(config);
    this.output(result, () => outline({ ...result }));
  }

  private async applied(): Promise<PipelineConfig> {
    const pipeline = await this.context.pipeline();
    const { config, link } = pipeline;
    if (config.applied !== undefined) return config;
    const { findApplied } = await import('../../lib/operations/find-applied.js');
    const stored = await findApplied(link, { name: config.name, from: config.file });
    if (stored === undefined) {
      throw new ConfigError(`there is no pipeline on ${link.server}`, [], {
        code: 'NOT_APPLIED',
        suggestions: [suggestCommand('pipeline apply')],
      });
    }
    const said = describeApplied(await compareApplied(pipeline), config.file);
    if (said !== undefined) this.note(escapeLine(said));
    return stored;
  }
}
