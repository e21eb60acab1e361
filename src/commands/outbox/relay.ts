import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { durationFlag } from '../../lib/cli/flags/global-flags.js';
import { UsageError } from '../../lib/errors.js';
import { relayOutbox, type RelayResult } from '../../lib/postgres/relay.js';
import { ensureOutbox } from '../../lib/postgres/ensure-outbox.js';

/** What `outbox relay --json` prints. */
export type OutboxRelayResult = RelayResult;

export default class OutboxRelay extends BaseCommand<typeof OutboxRelay> {
  static override summary = 'Publish the events of an outbox in Postgres.';
  static override description =
    `Programs add events to the outbox in their own transactions (plutomi-events/postgres). This publishes them in the order of their keys, each with its id, and removes each once the events stream has it. It is woken when a transaction commits, and looks by itself each --poll.

Start as many as you like: one is at work, the others stand by and take over when its connection to the database ends. Connections that break are made again. An event that can't be published stays in the table with the reason, later ones of its key wait, and each start tries it again. It needs a connection of its own: no pooler that shares connections among transactions.

Ctrl-C or SIGTERM finishes what is on its way, within 10 seconds, and exits with 0. The log goes to stderr: JSON lines, or readable ones on a terminal.

Exit codes: 0 done, or asked to end; 2 usage or config; 4 can't connect, or not allowed; 5 with --once: some events were refused.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --install',
    '<%= config.bin %> <%= command.id %> --once --json',
  ];

  static override flags = {
    database: Flags.string({
      description: 'postgres://user@host:5432/name; a password is better in DATABASE_URL or PGPASSWORD',
      helpValue: '<url>',
      defaultHelp: async () => 'DATABASE_URL',
    }),
    table: Flags.string({
      description: 'the table, as <name> or <schema>.<name>',
      helpValue: '<table>',
      defaultHelp: async () => 'outbox',
    }),
    install: Flags.boolean({ description: 'first create the table, where it is not there' }),
    once: Flags.boolean({ description: 'end once nothing waits' }),
    poll: durationFlag({
      description: 'how often to look although nothing has woken it, at most 30s',
      helpValue: '<duration>',
      defaultHelp: async () => '1s',
    }),
  };

  private readonly end = new AbortController();

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { once, table, poll, install } = this.flags;
    const database = this.flags.database ?? this.environment.databaseUrl;
    if (database === undefined)
      throw new UsageError('no database was named', {
        suggestions: ['set DATABASE_URL, or give --database postgres://<user>@<host>:5432/<name>'],
      });
    const log = await this.context.logger();
    const pipeline = await this.context.pipeline();
    pipeline.link.watch((state, server) =>
      state === 'disconnected'
        ? log.warn({ server }, 'connection lost; reconnecting')
        : log.info({ server }, 'connected again'),
    );
    const named = table === undefined ? {} : { table };
    if (install) await ensureOutbox(database, named);
    const result: OutboxRelayResult = await relayOutbox(pipeline, {
      database,
      ...named,
      once,
      log,
      signal: this.end.signal,
      ...(poll === undefined ? {} : { pollMs: poll }),
    });
    this.output(result, () => textOf(result));
    if (once && result.refused > 0) process.exitCode = 5;
  }

  /** The first Ctrl-C or SIGTERM ends it in order, the second one at once. */
  protected override interrupt(): void {
    if (this.end.signal.aborted) super.interrupt();
    this.end.abort();
  }
}

function textOf({ published, duplicates, refused }: OutboxRelayResult): string {
  const again = duplicates === 0 ? '' : `, ${duplicates} of them stored before`;
  return `published ${published}${again}${refused === 0 ? '' : `; refused ${refused}, which stay in the table`}`;
}
