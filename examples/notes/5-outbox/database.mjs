// The database of the service that runs in this process.
import pg from 'pg';
import { once, openOutbox, transaction } from 'plutomi-events/postgres';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// An idle connection may break: the next one is made when it is needed.
pool.on('error', () => {});
export const outbox = await openOutbox();

/**
 * A handler whose effect happens once: what it changes, that it was done, and the events that come of it are one
 * transaction. An event that comes again, after a crash or twice in the stream, changes nothing.
 */
export function inTransaction(effect) {
  return (event, { consumer }) =>
    transaction(pool, (client) => once(client, { consumer, id: event.id }, () => effect(client, event.data)));
}
