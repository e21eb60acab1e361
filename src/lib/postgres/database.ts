import type * as Pg from 'pg';
import { escapeLine } from '../domain/escape.js';
import { connectionReason } from '../domain/connection-reason.js';
import { ConnectionError, messageOf, OperationError, UsageError } from '../errors.js';

/** A database: `postgres://user:password@host:5432/name`, or what the `Client` of `pg` takes. */
export type Database = string | Readonly<Record<string, unknown>>;

/** A connection: what is used of a `Client` of `pg`. */
export interface DatabaseConnection {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
  on(event: 'notification' | 'end' | 'error', listener: () => void): unknown;
  end(): Promise<void>;
}

/** How long a connection and an answer may take, ms. */
const patienceMs = { connect: 10_000, answer: 30_000 };

/** Host, port and name: nothing secret. */
export function describeDatabase(database: Database): string {
  const { host, port, name } = typeof database === 'string' ? partsOf(database) : fieldsOf(database);
  return escapeLine(`${host || 'localhost'}:${port || '5432'}/${name}`);
}

interface Parts {
  readonly host: string;
  readonly port: string;
  readonly name: string;
}

function partsOf(text: string): Parts {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['postgres:', 'postgresql:', 'socket:'].includes(url.protocol))
    throw new UsageError('expected a database as postgres://<user>@<host>:<port>/<name>', {
      suggestions: ['it is not shown here, since it may hold a password'],
    });
  const host = url.hostname || (url.searchParams.get('host') ?? '');
  return { host, port: url.port, name: decodeURIComponent(url.pathname.replace(/^\//, '')) };
}

function fieldsOf({ host, port, database, connectionString }: Readonly<Record<string, unknown>>): Parts {
  if (typeof connectionString === 'string') return partsOf(connectionString);
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
  return { host: text(host), port: text(port), name: text(database) };
}

/**
 * A connection to the database.
 *
 * @throws UsageError for what is no database; OperationError `NO_PG`; ConnectionError `NO_DATABASE`
 */
export async function connectDatabase(database: Database, name: string): Promise<DatabaseConnection> {
  const where = describeDatabase(database);
  const pg = await loadPg();
  const client = new pg.Client({
    application_name: name,
    keepAlive: true,
    keepAliveInitialDelayMillis: patienceMs.connect,
    connectionTimeoutMillis: patienceMs.connect,
    query_timeout: patienceMs.answer,
    ...(typeof database === 'string' ? { connectionString: database } : database),
  });
  // Without a listener, an error of an idle connection would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw new ConnectionError(`can't connect to the database ${where}: ${connectionReason(error)}`, {
      code: 'NO_DATABASE',
      cause: error,
      suggestions: ['look at DATABASE_URL or --database, and at the log of the database'],
    });
  }
}

async function loadPg(): Promise<Pick<typeof Pg, 'Client'>> {
  try {
    const loaded = await import('pg');
    return loaded.default;
  } catch (error) {
    throw new OperationError('the package pg, which speaks with Postgres, is not installed here', {
      code: 'NO_PG',
      cause: error,
      suggestions: ['npm install pg'],
    });
  }
}

/** What the database may have left behind it when it is asked again: broken connections, too many, stopping, conflicts. */
const passing = ['08', '40', '53', '55', '57', '58', 'XX'];

/** The database has refused, for a reason that stays; undefined: it may pass. */
export function refusalOf(error: unknown): OperationError | undefined {
  const { code } = error as { readonly code?: unknown };
  // Those of the system are no codes of SQL.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || !/\d/.test(code)) return undefined;
  if (passing.includes(code.slice(0, 2))) return undefined;
  return new OperationError(`the database refuses it: ${escapeLine(messageOf(error))} (${code})`, {
    cause: error,
  });
}
