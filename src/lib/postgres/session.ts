import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabase, type Database, type DatabaseConnection, refusalOf } from './database.js';
import { channel, howToInstall } from './outbox.js';
import type { Table } from './table.js';

/** An event that waits, as it will be sent. */
export interface WaitingEvent {
  readonly id: string;
  readonly eventId: string;
  readonly key: string | null;
  readonly type: string;
  readonly subject: string;
  readonly headers: unknown;
  readonly payload: Uint8Array;
}

/** So many, and so much of them, are read at once. */
const most = { rows: 1000, bytes: 8_388_608, idleMs: 60_000 };

/** Apart from the locks of keys, which have one number. */
const lockOfRelays = 1_886_156_148;

/** The connection of a relay: one that holds the lock reads and removes. */
export class OutboxSession {
  private wakeUp: (() => void) | undefined;
  private isWoken = false;
  private isLost = false;

  private constructor(
    private readonly client: DatabaseConnection,
    private readonly table: Table,
  ) {
    client.on('notification', () => this.wake());
    for (const event of ['end', 'error'] as const)
      client.on(event, () => {
        this.isLost = true;
        this.wake();
      });
  }

  static async open(database: Database, table: Table): Promise<OutboxSession> {
    const session = new OutboxSession(await connectDatabase(database, 'plutomi-events: outbox relay'), table);
    // A process that is stopped keeps the lock from others only so long. Before Postgres 14 there is no such limit.
    await session.client.query(`set idle_session_timeout = ${most.idleMs}`, []).catch(() => {});
    return session;
  }

  /** The connection has broken, whatever an error says. */
  get lost(): boolean {
    return this.isLost;
  }

  /** No other relay of this table has it, until this connection ends. */
  async lock(): Promise<boolean> {
    const rows = await this.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(${lockOfRelays}, '${this.table.sql}'::regclass::oid::int4) as locked`,
    );
    return rows[0]?.locked === true;
  }

  /** From now on `woken` hears of events that are added. */
  async listen(): Promise<void> {
    await this.query(`listen ${channel}`);
  }

  /** Refused events wait again; gives how many. */
  async takeBack(): Promise<number> {
    const sql = `update ${this.table.sql} set refused = null where refused is not null returning 1`;
    return (await this.query(sql)).length;
  }

  async isEmpty(): Promise<boolean> {
    const sql = `select not exists (select from ${this.table.sql} where refused is null) as empty`;
    return (await this.query<{ empty: boolean }>(sql))[0]?.empty === true;
  }

  /**
   * The first that wait, in the order of their ids, but for those of these keys. What is committed is seen whole: where a
   * row of a key is there, all before it are.
   */
  read(held: Iterable<string>): Promise<WaitingEvent[]> {
    return this.query<WaitingEvent>(
      `select fitting.id::text, event_id as "eventId", key, type, subject, headers, payload from (
  select *, sum(octet_length(payload)) over (order by id) - octet_length(payload) as before from (
    select * from ${this.table.sql} where refused is null and (key is null or key <> all ($1::text[]))
    order by id limit ${most.rows}
  ) first
) fitting where before < ${most.bytes} order by fitting.id`,
      [[...held]],
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0)
      await this.query(`delete from ${this.table.sql} where id = any ($1::bigint[])`, [ids]);
  }

  /** It stays, with the reason. */
  async refuse(id: string, reason: string): Promise<void> {
    await this.query(`update ${this.table.sql} set refused = $2 where id = $1`, [id, reason]);
  }

  /** Events were added since it was last asked, or `ms` have gone by, or `signal` is aborted. */
  async woken(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.isWoken && !this.isLost && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => this.wake(), ms);
        const wake = (): void => this.wake();
        signal.addEventListener('abort', wake, { once: true });
        this.wakeUp = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          resolve();
        };
      });
      this.wakeUp = undefined;
    }
    this.isWoken = false;
  }

  private wake(): void {
    this.isWoken = true;
    this.wakeUp?.();
  }

  /** Gives the lock back. Never throws. */
  async close(): Promise<void> {
    // Where nobody answers, the end of it may never come.
    await Promise.race([this.client.end().catch(() => {}), sleep(2000, undefined, { ref: false })]);
  }

  private async query<R>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.client.query(text, values)).rows as R[];
    } catch (error) {
      const explained = this.table.explain(error, howToInstall);
      throw explained === error ? (refusalOf(error) ?? error) : explained;
    }
  }
}
