/** `plutomi-events/postgres`: events that are published if, and only if, a transaction of Postgres commits. */

export type { Database } from './database.js';
export {
  type OutboxEvent,
  type Outbox,
  type OutboxOptions,
  type OutboxResult,
  makeOutbox,
  openOutbox,
  type OpenOutboxOptions,
} from './outbox.js';
export {
  forgetOnce,
  type ForgetOptions,
  installOnce,
  once,
  type OnceContext,
  type OnceOptions,
  type OnceResult,
  onceSql,
} from './once.js';
export {
  type Connections,
  type PooledClient,
  type Queryable,
  type Row,
  transaction,
} from './queryable.js';
export { relayOutbox, type RelayOptions, type RelayResult } from './relay.js';
