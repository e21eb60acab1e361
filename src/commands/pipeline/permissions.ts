import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { permissionsOf, type RolePermissions } from '../../lib/permissions/permissions.js';
import { roles } from '../../lib/permissions/role.js';
import { renderNscPermissions, renderServerPermissions } from '../../lib/render/permissions.js';

/** What `pipeline permissions --json` prints. */
export type PipelinePermissionsResult = RolePermissions;

const renderers = { server: renderServerPermissions, nsc: renderNscPermissions };

export default class PipelinePermissions extends BaseCommand<typeof PipelinePermissions> {
  static override summary = 'Print the minimal NATS permissions that a role needs.';
  static override description =
    `For this config: its streams, consumers and subjects, and nothing else. No server is contacted; run it again when the config has changed.

Roles: publisher (events publish), runner (pipeline run), operator (dlq, events explain, advisories tail, pipeline verify --repair), ci (pipeline apply), viewer (everything that only reads, apply --dry-run and --check included).

Each user gets its own inbox prefix, so that it can't read replies to others, and must connect with it: --inbox-prefix, NATS_INBOX_PREFIX, or inbox_prefix of a context.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --role viewer > viewer.conf',
    '<%= config.bin %> <%= command.id %> --role runner --user plutomi-worker --format nsc',
    '<%= config.bin %> <%= command.id %> --role operator --json',
  ];

  static override flags = {
    role: Flags.option({ options: roles })({
      description: 'role to print the permissions of',
      required: true,
    }),
    format: Flags.option({ options: ['server', 'nsc'] as const })({
      description: 'a block of a nats-server configuration, or an nsc command',
      defaultHelp: async () => 'server',
    }),
    user: Flags.string({
      description: 'name of the user',
      defaultHelp: async () => 'the name of the role',
    }),
    'inbox-prefix': Flags.string({
      description: 'inbox prefix that this user connects with',
      helpValue: '<prefix>',
      defaultHelp: async () => '_INBOX_<user>',
    }),
    'api-prefix': Flags.string({
      description: 'prefix of the JetStream API, for a domain or an import',
      helpValue: '<prefix>',
      defaultHelp: async () => '$JS.API',
    }),
  };

  async run(): Promise<void> {
    const {
      role,
      format = 'server',
      user,
      'inbox-prefix': inboxPrefix,
      'api-prefix': apiPrefix,
    } = this.flags;
    const result: PipelinePermissionsResult = permissionsOf(await this.context.config(), role, {
      ...(user === undefined ? {} : { user }),
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      ...(apiPrefix === undefined ? {} : { apiPrefix }),
    });
    this.output(result, () => renderers[format](result));
    if (!this.flags.json) this.note(`\nconnect with --inbox-prefix ${result.inboxPrefix}`);
  }
}
