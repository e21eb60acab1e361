import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/base-command.js';

export type ConfigSchemaResult = Readonly<Record<string, unknown>>;

export default class ConfigSchema extends BaseCommand<typeof ConfigSchema> {
  static override summary = 'Print the JSON Schema of the config file, or of one of its keys.';
  static override description =
    'Draft 2020-12, with descriptions and defaults. Name it in "$schema" of plutomi-events.config.json, and your editor completes and checks that file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > plutomi-events.schema.json',
    '<%= config.bin %> <%= command.id %> consumers.any.retry.delay',
  ];

  static override args = {
    key: Args.string({
      description: 'a key as errors name it, e.g. consumers.any.timeout',
      ignoreStdin: true,
    }),
  };

  async run(): Promise<void> {
    const { configJsonSchema, schemaOf } = await import('../../lib/config/schema/json-schema.js');
    const { parsePath } = await import('../../lib/config/validation/problems.js');
    const { key } = this.args;
    const result: ConfigSchemaResult = key === undefined ? configJsonSchema() : schemaOf(parsePath(key));
    this.output(result, () => JSON.stringify(result, undefined, 2));
  }
}
