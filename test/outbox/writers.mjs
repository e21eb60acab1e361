import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { transaction } from '../../dist/lib/postgres/index.js';

/** The tables: what was written in which order of each key, and the outbox. */
export async function prepare(pool, outbox, keys) {
  await outbox.install(pool);
  await pool.query(`
    create table counters (key text primary key, n int not null);
    insert into counters select 'key ' || i, 0 from generate_series(1, ${keys}) i;
    create table ledger (id bigint generated always as identity primary key, event_id text, key text, n int, batch text);
    create index on ledger (batch);`);
}

/** Write until so many rows are committed, however often the database is killed. */
export class Writers {
  committed = 0;
  rolledBack = 0;
  failed = 0;
  /** Rows that nobody has taken on yet. */
  #left;

  constructor(parts) {
    Object.assign(this, parts);
    this.#left = parts.rows;
  }

  async run() {
    await Promise.all(Array.from({ length: this.count }, () => this.#write()));
  }

  async #write() {
    while (this.committed < this.rows) {
      const size = Math.min(this.#left, 1 + Math.floor(Math.random() * 8));
      if (size === 0) {
        // Those on their way may yet fail.
        await sleep(20);
        continue;
      }
      this.#left -= size;
      if (await this.#isWritten(size)) this.committed += size;
      else this.#left += size;
    }
  }

  async #isWritten(size) {
    const batch = randomUUID();
    const isMeant = Math.random() > 0.05;
    try {
      await transaction(this.pool, async (client) => {
        // Rows of counters are locked, always in the same order, so that nobody waits in a circle.
        for (const key of this.#keysOf(size)) {
          await this.#change(client, key, batch);
          if (Math.random() < 0.2) await sleep(Math.random() * (Math.random() < 0.02 ? 300 : 10));
        }
        if (!isMeant) throw new RollBack();
      });
      return true;
    } catch (error) {
      if (error instanceof RollBack) {
        this.rolledBack++;
        return false;
      }
      this.failed++;
      return this.#hasCommitted(batch);
    }
  }

  #keysOf(size) {
    return Array.from({ length: size }, () => 1 + Math.floor(Math.random() * this.keys)).toSorted(
      (a, b) => a - b,
    );
  }

  async #change(client, number, batch) {
    const [id, key] = [randomUUID(), `key ${number}`];
    const { rows } = await client.query(
      `with changed as (update counters set n = n + 1 where key = $1 returning n)
insert into ledger (event_id, key, n, batch) select $2, $1, n, $3 from changed returning n`,
      [key, id, batch],
    );
    await this.outbox.add(client, { type: 'thing.changed', id, key, data: { key, n: rows[0].n } });
  }

  /** Whether a transaction that was broken off has committed, only the database knows. */
  async #hasCommitted(batch) {
    for (;;) {
      try {
        const { rows } = await this.pool.query('select 1 from ledger where batch = $1 limit 1', [batch]);
        return rows.length > 0;
      } catch {
        await sleep(100);
      }
    }
  }
}

class RollBack extends Error {}
