import { setTimeout as sleep } from 'node:timers/promises';

/** The obvious poller: it keeps the highest id that it has seen, and asks for those above it. */
export class NaivePoller {
  #last = '0';
  #seen = 0;
  #isEnding = false;
  #done;

  constructor(pool) {
    this.pool = pool;
    this.#done = this.#run();
  }

  async #run() {
    for (;;) {
      try {
        const { rows } = await this.pool.query('select id from ledger where id > $1 order by id', [
          this.#last,
        ]);
        this.#seen += rows.length;
        this.#last = rows.at(-1)?.id ?? this.#last;
        if (rows.length === 0 && this.#isEnding) return;
      } catch {
        // The database is away.
      }
      await sleep(5);
    }
  }

  /** Once nothing is written any more: how many it has never seen. */
  async end() {
    this.#isEnding = true;
    await this.#done;
    const { rows } = await this.pool.query('select count(*)::int as n from ledger');
    return rows[0].n - this.#seen;
  }
}
