import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { escapeJson } from '../../lib/domain/escape.js';
import { type AsyncApiDocument, asyncApiOf } from '../../lib/events/catalog/asyncapi.js';
import { type Catalog, catalogOf } from '../../lib/events/catalog/catalog.js';
import { renderCatalog } from '../../lib/render/catalog.js';

/** What `events catalog --json` prints; with `--format asyncapi`, that document. */
export type EventsCatalogResult = Catalog | AsyncApiDocument;

export default class EventsCatalog extends BaseCommand<typeof EventsCatalog> {
  static override summary =
    'List the event types: what each means, its data, who publishes and who reads it.';
  static override description =
    `As Markdown, as an AsyncAPI 3.1 document in JSON or YAML, or as JSON. The data of a type is described by the JSON Schema that its schema gives (Standard JSON Schema: zod 4, valibot, arktype); where it gives none, the catalogue says why, and goes on.

No server is contacted where the config file is. Elsewhere it is the catalogue of the config that was applied, which has no schemas.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> > EVENTS.md',
    '<%= config.bin %> <%= command.id %> --format asyncapi > asyncapi.json',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  static override flags = {
    format: Flags.string({
      description: 'yaml is the AsyncAPI document as YAML',
      options: ['markdown', 'asyncapi', 'yaml', 'json'],
      default: 'markdown',
    }),
    'doc-version': Flags.string({
      description: 'version of the AsyncAPI document',
      helpValue: '<text>',
      defaultHelp: async () => 'follows from its content',
    }),
  };

  async run(): Promise<void> {
    const { format, 'doc-version': version } = this.flags;
    const catalog = catalogOf(await this.context.config());
    const isAsyncApi = format === 'asyncapi' || format === 'yaml';
    const result: EventsCatalogResult = isAsyncApi ? asyncApiOf(catalog, { version }) : catalog;
    const yaml = format === 'yaml' ? await import('yaml') : undefined;
    const json = () => escapeJson(JSON.stringify(result, undefined, 2));
    this.output(result, () =>
      format === 'markdown'
        ? renderCatalog(catalog)
        : (yaml?.stringify(result, { lineWidth: 0, aliasDuplicateObjects: false }) ?? json()).trimEnd(),
    );
  }
}
