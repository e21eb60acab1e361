import { refuseNoFunction, refuseNoObject, unexpected } from '../domain/given.js';
import { OperationError } from '../errors.js';

/** A row of a result, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** What runs SQL on one connection: a client of `pg`, or anything whose `query` is like it. */
export interface Queryable {
  /** Runs a statement with `$1`, `$2`, … */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

/** A connection of a pool. */
export interface PooledClient extends Queryable {
  /** Gives it back; with true it is closed instead. */
  release(destroy?: boolean): void;
  /** Hears that the connection has broken. */
  on?(event: 'error', listener: () => void): unknown;
  /** Hears it no more. */
  removeListener?(event: 'error', listener: () => void): unknown;
}

/** What gives connections: a `Pool` of `pg`. */
export interface Connections {
  /** A connection of one's own, until it is released. */
  connect(): Promise<PooledClient>;
}

/**
 * Runs `work` in a transaction on a connection of the pool: what it throws rolls all of it back, and is thrown again.
 */
export async function transaction<T>(
  pool: Connections,
  work: (client: PooledClient) => T | Promise<T>,
): Promise<T> {
  refuseNoObject('pool', pool ?? null);
  if (!('connect' in pool)) throw unexpected('pool', 'a Pool of pg', pool);
  refuseNoFunction('work', work ?? null);
  const client = await pool.connect();
  let isBroken = true;
  // One that breaks between two statements would end the process; the next statement says so too.
  const ignore = (): void => {};
  client.on?.('error', ignore);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    isBroken = false;
    return result;
  } catch (error) {
    await client.query('rollback').then(
      () => {
        isBroken = false;
      },
      () => {},
    );
    throw error;
  } finally {
    client.removeListener?.('error', ignore);
    client.release(isBroken);
  }
}

/** Ends with the transaction: whoever finds it later is in the same one. */
const mark = "set_config('plutomi_events.inside', 'yes', true)";
/** Is the mark there? To be asked by the next statement. */
export const isInside = "coalesce(current_setting('plutomi_events.inside', true), '') = 'yes'";

/** Marks the transaction, for `isInside`; outside of one, the mark is gone with this statement. */
export async function markTransaction(client: Queryable): Promise<void> {
  await client.query(`select ${mark}`);
}

/** The same, with more that is to be done first. */
export async function markWith(client: Queryable, first: string, values: unknown[]): Promise<void> {
  await client.query(`select ${first}, ${mark}`, values);
}

export function noTransaction(what: string): OperationError {
  return new OperationError(`${what} must be in a transaction, on its very connection: nothing was written`, {
    code: 'NO_TRANSACTION',
    suggestions: [
      'run it in transaction(pool, (client) => …), or BEGIN first, and pass that client, not the pool',
    ],
  });
}
