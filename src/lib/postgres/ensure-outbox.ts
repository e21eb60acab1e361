import { connectDatabase, type Database, refusalOf } from './database.js';
import { defaultOutboxTable, installOutbox, type OutboxOptions } from './outbox.js';
import type { Row } from './queryable.js';
import { Table } from './table.js';

/** Makes the table of an outbox over a connection of its own, where it is not there. */
export async function ensureOutbox(
  database: Database,
  { table = defaultOutboxTable }: Pick<OutboxOptions, 'table'>,
): Promise<void> {
  const client = await connectDatabase(database, 'plutomi-events: outbox');
  try {
    await installOutbox(
      { query: async (text, values = []) => ({ rows: (await client.query(text, values)).rows as Row[] }) },
      new Table(table),
    );
  } catch (error) {
    throw refusalOf(error) ?? error;
  } finally {
    await client.end().catch(() => {});
  }
}
