import { BaseCommand } from '../../lib/cli/base-command.js';
import { type DescribedConfig, describeConfig } from '../../lib/config/describe.js';
import { outline } from '../../lib/render/outline.js';

export type ConfigShowResult = DescribedConfig;

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override summary = 'Show what the config resolves to.';
  static override description =
    'Finds and checks the config file as every other command does, reports all of its problems at once, and prints it with every default filled in. Secrets in URLs are hidden. No server is contacted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config other.config.json --json',
  ];

  async run(): Promise<void> {
    const result: ConfigShowResult = describeConfig(await this.context.config());
    this.output(result, () => outline({ ...result }));
  }
}
