import { checkOptions, type Checks, requireOptions } from '../domain/options.js';
import { refuseNoClient, refuseNoFunction, refuseNoObject, refuseNoText } from '../domain/given.js';
import { parseDuration } from '../domain/duration.js';
import { UsageError } from '../errors.js';
import { isInside, markTransaction, noTransaction, type Queryable, type Row } from './queryable.js';
import { createSql, Table } from './table.js';

/** Which effect it is: of this consumer, for this event. */
export type OnceContext =
  /** The `context` of a handler: this event of the stream, in every attempt and replay. */
  | { readonly consumer: string; readonly idempotencyKey: string }
  /** By an id, such as `event.id`: also an event that is in the stream twice under the same id counts once. */
  | { readonly consumer: string; readonly id: string | undefined };

/** Where it is kept what was done. */
export interface OnceOptions {
  /** `<name>` or `<schema>.<name>`. Default: `handled_once`. */
  readonly table?: string;
}

/** What became of an effect. */
export interface OnceResult<T> {
  /** It ran now. False: it was done before, and nothing ran. */
  readonly ran: boolean;
  /** What it returned; undefined where it did not run. */
  readonly result?: T;
}

const defaultTable = 'handled_once';
const onceChecks = { table: refuseNoText } as const satisfies Checks<OnceOptions>;
const install = ['create it with installOnce(client), or with the SQL of onceSql()'];

/** The SQL that makes the table of `once`, for a migration. It can be repeated. */
export function onceSql(options: OnceOptions = {}): string {
  checkOptions(onceChecks, options);
  const { table = defaultTable } = options;
  const { sql, index } = tableOf(table);
  return `create table if not exists ${sql} (
  consumer text not null,
  event text not null,
  done_at timestamptz not null default now(),
  primary key (consumer, event)
);
create index if not exists ${index} on ${sql} (done_at);`;
}

function tableOf(name: string): { readonly sql: string; readonly index: string } {
  const table = new Table(name);
  return { sql: table.sql, index: table.index('done_at') };
}

/** Makes the table of `once`, where it is not there. */
export async function installOnce(client: Queryable, options: OnceOptions = {}): Promise<void> {
  refuseNoClient(client);
  await client.query(createSql(onceSql(options)));
}

/**
 * Runs an effect once for an event and a consumer, in the transaction of the caller: that it was done is stored with
 * what it did, or not at all. Two at once wait for each other, and one runs.
 *
 * Only what is done through `client` is undone by a rollback; what leaves the database is not.
 *
 * @throws OperationError `NO_TRANSACTION`, `NO_TABLE`; UsageError for a context without an id; what `effect` throws
 */
export async function once<T>(
  client: Queryable,
  context: OnceContext,
  effect: () => T | Promise<T>,
  options: OnceOptions = {},
): Promise<OnceResult<T>> {
  refuseNoClient(client);
  refuseNoObject('context', context ?? null);
  refuseNoText('consumer', context.consumer);
  refuseNoFunction('effect', effect ?? null);
  checkOptions(onceChecks, options);
  const { table: name = defaultTable } = options;
  const id = 'idempotencyKey' in context ? context.idempotencyKey : context.id;
  if (typeof id !== 'string' || id === '')
    throw new UsageError('once: expected an id, and the event has none: pass the context of the handler');
  const table = new Table(name);
  await markTransaction(client);
  let row: Row | undefined;
  try {
    const { rows } = await client.query(
      `with done as (
  insert into ${table.sql} (consumer, event) select $1, $2 where ${isInside} on conflict do nothing returning 1
) select ${isInside} as inside, exists (select from done) as first`,
      [context.consumer, id],
    );
    [row] = rows;
  } catch (error) {
    throw table.explain(error, install);
  }
  if (row?.['inside'] !== true) throw noTransaction('once');
  if (row['first'] !== true) return { ran: false };
  return { ran: true, result: await effect() };
}

/** Which rows of `once` to remove. */
export interface ForgetOptions extends OnceOptions {
  /**
   * A duration, such as `30d`. An event that comes again later than that runs its effect again: longer than events live
   * in the stream, and than dead letters wait.
   */
  readonly olderThan: string;
}

const forgetChecks = { ...onceChecks, olderThan: refuseNoText } as const satisfies Checks<ForgetOptions>;

/**
 * Removes what `once` has kept for longer than `olderThan`, at most 10,000 rows a call; gives how many. Call it from
 * time to time, and again while it gives 10,000.
 *
 * @throws UsageError for a duration that is none; OperationError `NO_TABLE`
 */
export async function forgetOnce(client: Queryable, options: ForgetOptions): Promise<number> {
  refuseNoClient(client);
  requireOptions(forgetChecks, options, ['olderThan']);
  const { olderThan, table: name = defaultTable } = options;
  const ms = parseDuration(olderThan);
  if (ms === undefined) throw new UsageError(`olderThan: expected a duration like 30d, found "${olderThan}"`);
  const table = new Table(name);
  try {
    const { rows } = await client.query(
      `delete from ${table.sql} where (consumer, event) in (
  select consumer, event from ${table.sql} where done_at < now() - $1 * interval '1 millisecond'
  order by done_at limit 10000
) returning 1`,
      [ms],
    );
    return rows.length;
  } catch (error) {
    throw table.explain(error, install);
  }
}
