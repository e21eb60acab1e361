import pg from 'pg';
import { afterAll } from 'vitest';

/** A real Postgres of a test file. */
export interface TestPostgres {
  /** Leads to its database `postgres`. */
  readonly url: string;
  /** Again, after `kill9`. */
  start(): Promise<void>;
  /** kill -9 of all its processes. */
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

/** The script that the example starts its Postgres with. */
const script = new URL('../../examples/notes/5-outbox/postgres.mjs', import.meta.url);

/** The one Postgres of a test file, stopped when the file is done. */
export async function postgresForFile(): Promise<TestPostgres> {
  const { startPostgres } = (await import(script.href)) as { startPostgres: () => Promise<TestPostgres> };
  const postgres = await startPostgres();
  // It does not outlive the test run, however that ends.
  process.once('disconnect', () => void postgres.kill9());
  afterAll(() => postgres.stop());
  return postgres;
}

let databases = 0;

/** A database of its own, and a pool for it, which is closed when the file is done. */
export async function makeDatabase({ url }: TestPostgres): Promise<{ url: string; pool: pg.Pool }> {
  const name = `test_${++databases}`;
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const own = url.replace(/[^/]+$/, name);
  const pool = new pg.Pool({ connectionString: own });
  // The server may be killed, and it ends connections that are about to end.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  afterAll(() => pool.end());
  return { url: own, pool };
}
