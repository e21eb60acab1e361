import { BaseCommand } from '../../lib/cli/base-command.js';

export type ConfigSchemaResult = Readonly<Record<string, unknown>>;

export default class ConfigSchema extends BaseCommand<typeof ConfigSchema> {
  static override summary = 'Print the JSON Schema of the config file.';
  static override description =
    'Draft 2020-12, with descriptions and defaults. Editors complete and check plutomi-events.config.json with it when "$schema" in that file names it.';
  static override examples = ['<%= config.bin %> <%= command.id %> > plutomi-events.schema.json'];

  async run(): Promise<void> {
    const { configJsonSchema } = await import('../../lib/config/json-schema.js');
    const result: ConfigSchemaResult = configJsonSchema();
    this.output(result, () => JSON.stringify(result, undefined, 2));
  }
}
