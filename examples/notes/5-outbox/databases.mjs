// Three databases that know nothing of each other, on one Postgres.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { installOnce, openOutbox } from 'plutomi-events/postgres';
import { startPostgres } from './postgres.mjs';

const tables = {
  orders: 'create table orders (id text primary key, item text, pieces int, state text)',
  inventory: "create table stock (item text primary key, free int); insert into stock values ('lamp', 1000)",
  shipping: 'create table shipments (id text primary key, item text, pieces int)',
};

/** That of DATABASE_URL, else one of our own, in a folder of its own. */
export async function makeDatabases() {
  const own = process.env.DATABASE_URL ? undefined : await startPostgres();
  const url = own?.url ?? process.env.DATABASE_URL;
  const outbox = await openOutbox();
  const admin = new pg.Client(url);
  await admin.connect();
  const databases = {};
  for (const [service, sql] of Object.entries(tables)) {
    const name = `${service}_${randomUUID().slice(0, 8)}`;
    await admin.query(`create database ${name}`);
    const at = new URL(url);
    at.pathname = `/${name}`;
    const client = new pg.Client(at.href);
    await client.connect();
    await client.query(sql);
    await outbox.install(client);
    await installOnce(client);
    databases[service] = { name, client, url: at.href };
  }
  /** One number out of one of them. */
  const number = async (service, sql) =>
    Number(Object.values((await databases[service].client.query(sql)).rows[0])[0]);
  /** Orders that know that they are shipped. */
  const shipped = () => number('orders', "select count(*) from orders where state = 'shipped'");
  /** Events that no relay has published yet. */
  const left = async () => {
    const counts = Object.keys(tables).map((one) => number(one, 'select count(*) from outbox'));
    return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
  };
  const close = async () => {
    for (const { name, client } of Object.values(databases)) {
      await client.end();
      if (!own) await admin.query(`drop database ${name} with (force)`);
    }
    await admin.end();
    await own?.stop();
  };
  return { databases, number, shipped, left, close };
}
